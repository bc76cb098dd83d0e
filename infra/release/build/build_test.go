package build

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// small is a working copy with programs that are quickly compiled: the agent
// has C in it, as the real one.
var small = map[string]string{
	"go.mod": "module example.org/small\n\ngo 1.24\n",
	allocatorMain + "/main.go": `package main

var version string

func main() { println("allocator", version) }
`,
	agentMain + "/main.go": `package main

// #include <stdio.h>
// static void say(void) { puts("agent"); }
import "C"

var version string

func main() { C.say(); println(version) }
`,
}

// workingCopy writes files into a folder of its own.
func workingCopy(t *testing.T, files ...map[string]string) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "a working copy")
	write(t, root, files...)
	return root
}

func write(t *testing.T, root string, files ...map[string]string) {
	t.Helper()
	for _, all := range files {
		for name, content := range all {
			file := filepath.Join(root, name)
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		}
	}
}

const own = "linux/" + runtime.GOARCH

func built(t *testing.T, root string, allocator, agent []string) Binaries {
	t.Helper()
	source, err := FindSource(t.Context(), root)
	require.NoError(t, err)
	b, err := Build(t.Context(), source, t.TempDir(), allocator, agent)
	require.NoError(t, err)
	return b
}

func TestTheSameSourceGivesTheSameBytesWhereverItIsBuilt(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "")
	first := built(t, workingCopy(t, small), []string{"linux/amd64", "linux/arm64"}, []string{own})

	// Another folder, and what people set for their own programs.
	t.Setenv("GOFLAGS", "-tags=mine")
	t.Setenv("GOAMD64", "v3")
	t.Setenv("CGO_CFLAGS", "-O0 -g")
	t.Setenv("CGO_ENABLED", "0")
	second := built(t, workingCopy(t, small), []string{"linux/amd64", "linux/arm64"}, []string{own})

	assert.Equal(t, sums(first), sums(second))
	assert.Len(t, sums(first), 3)
	assert.Equal(t, first.Source.Version, second.Source.Version)
	assert.Equal(t, first.Source.Changed, second.Source.Changed)
	assert.Equal(t, first.Toolchain, second.Toolchain)
}

// sums are the SHA-256 of what was built, by name.
func sums(b Binaries) map[string]string {
	out := map[string]string{}
	for _, a := range append(append([]Artifact{}, b.Allocator...), b.Agent...) {
		out[a.Binary+" "+a.Platform] = a.SHA256
	}
	return out
}

func TestABinarySaysItsVersionAndNothingOfThisComputer(t *testing.T) {
	root := workingCopy(t, small)
	b := built(t, root, []string{own}, []string{own})
	for _, a := range []Artifact{b.Allocator[0], b.Agent[0]} {
		out, err := exec.CommandContext(t.Context(), a.Path).CombinedOutput()
		require.NoError(t, err)
		assert.Contains(t, string(out), b.Source.Version)
		raw, err := os.ReadFile(a.Path)
		require.NoError(t, err)
		assert.NotContains(t, string(raw), root, "%s names the folder it was built in", a.Binary)
		assert.Equal(t, int64(len(raw)), a.Bytes)
		assert.Equal(t, "artifacts/"+a.SHA256+"/"+a.Binary+"-"+own, a.File().Key)
	}
	assert.Equal(t, runtime.Version(), strings.Fields(b.Toolchain.Go)[0])
	assert.NotEmpty(t, b.Toolchain.CC)
}

func TestWithoutAgentsNoCCompilerIsNeeded(t *testing.T) {
	t.Setenv("CC", "no-such-compiler")
	b := built(t, workingCopy(t, small), []string{own}, nil)
	assert.Empty(t, b.Toolchain.CC)
	_, err := Build(t.Context(), b.Source, t.TempDir(), nil, []string{own})
	assert.ErrorContains(t, err, "needs the C compiler no-such-compiler: on Debian, apt-get install gcc")
}

func TestAMissingCrossCompilerIsNamedWithItsPackage(t *testing.T) {
	other := map[string]string{"amd64": "arm64", "arm64": "amd64"}[runtime.GOARCH]
	want := map[string]string{"amd64": "gcc-x86-64-linux-gnu", "arm64": "gcc-aarch64-linux-gnu"}[other]
	t.Setenv("PATH", t.TempDir())
	_, err := compiler(t.Context(), "linux/"+other)
	assert.ErrorContains(t, err, "apt-get install "+want)
}

func TestWhatTheCompilerSaysIsInTheError(t *testing.T) {
	root := workingCopy(t, small, map[string]string{allocatorMain + "/main.go": "package main\n\nfunc main() { undefined() }\n"})
	source, err := FindSource(t.Context(), root)
	require.NoError(t, err)
	_, err = Build(t.Context(), source, t.TempDir(), []string{own}, nil)
	assert.ErrorContains(t, err, "build lablink-allocator for "+own)
	assert.ErrorContains(t, err, "undefined: undefined")
}

func TestAnAgentThatNeedsANewerCLibraryIsRefused(t *testing.T) {
	oldest := newestGLIBC
	t.Cleanup(func() { newestGLIBC = oldest })
	root := workingCopy(t, small)
	built(t, root, nil, []string{own})
	newestGLIBC = [2]int{2, 1}
	source, err := FindSource(t.Context(), root)
	require.NoError(t, err)
	_, err = Build(t.Context(), source, t.TempDir(), nil, []string{own})
	assert.ErrorContains(t, err, "but machines may have 2.1 only")
}
