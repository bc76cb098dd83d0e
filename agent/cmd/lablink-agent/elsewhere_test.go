//go:build linux

package main

import (
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Who builds the program from source on another system has one that says why it does nothing.
func TestOnOtherSystemsThereIsAProgramThatRefusesInWords(t *testing.T) {
	assert.Contains(t, refusal("darwin"), "this computer runs darwin")
	assert.Contains(t, refusal("darwin"), "Run it on one of those")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", os.DevNull, ".")
	cmd.Env = append(os.Environ(), "GOOS=darwin", "GOARCH=arm64", "CGO_ENABLED=0")
	said, err := cmd.CombinedOutput()
	require.NoError(t, err, string(said))
}
