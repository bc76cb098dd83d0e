//go:build linux

package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// A program that calls any method by its name keeps those of everything that it links, and
// nearly all of a program that runs is in memory.
func TestTheAgentCallsNoMethodByItsName(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false", "-gcflags=all=-dwarf=false", "-ldflags=-s -w -dumpdep", "-o", filepath.Join(t.TempDir(), "lablink-agent"), ".")
	linked, err := cmd.CombinedOutput()
	require.NoError(t, err)
	require.Contains(t, string(linked), "main.main -> ", "the linker says what leads where")
	require.Contains(t, string(linked), "<UsedInIface>", "and how")
	by := regexp.MustCompile(`(?m)^(\S+) <ReflectMethod> -> `).FindSubmatch(linked)
	require.Empty(t, by, "html/template, text/template and kong do so")
}
