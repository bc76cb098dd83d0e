package launcher

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// onPath makes a PATH with programs that print a line each.
func onPath(t *testing.T, programs map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, says := range programs {
		write(t, filepath.Join(dir, name), "#!/bin/sh\n"+says+"\n", 0o755)
	}
	t.Setenv("PATH", dir+":/bin:/usr/bin")
}

func TestAnEngineOnThePATHIsUsedWhenItIsNewEnough(t *testing.T) {
	const language = "pulumi-language-go"
	for _, c := range []struct {
		name     string
		programs map[string]string
		want     bool
	}{
		{"the oldest that will do", map[string]string{"pulumi": "echo v3.200.0", language: ""}, true},
		{"a newer one", map[string]string{"pulumi": "echo v3.258.0", language: ""}, true},
		{"one of the next line", map[string]string{"pulumi": "echo v4.0.0", language: ""}, true},
		{"one that is too old", map[string]string{"pulumi": "echo v3.199.9", language: ""}, false},
		{"a release candidate of the oldest", map[string]string{"pulumi": "echo v3.200.0-rc.1", language: ""}, false},
		{"no version", map[string]string{"pulumi": "echo unknown", language: ""}, false},
		{"one that fails", map[string]string{"pulumi": "echo v3.258.0; exit 1", language: ""}, false},
		{"no host for Go", map[string]string{"pulumi": "echo v3.258.0"}, false},
		{"none", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			onPath(t, c.programs)
			require.Equal(t, c.want, engineOnPath(t.Context()))
		})
	}
}

// pin writes the modules that pin the engine's parts.
func pin(t *testing.T, w *Workspace, version string) {
	t.Helper()
	for _, p := range engineParts {
		write(t, filepath.Join(w.Root, p.module, "go.mod"), fmt.Sprintf("module x\n\ngo 1.26\n\nrequire %s %s\n", p.within, version), 0o644)
	}
}

func TestAPartOfTheEngineIsBuiltAgainWhenItsPinMoves(t *testing.T) {
	w, _ := newWorkspace(t)
	dir := w.path("engine")
	pin(t, w, "v3.258.0")
	names := func() (out []string) {
		for _, p := range w.missingParts(dir) {
			out = append(out, p.program)
		}
		return out
	}
	require.Equal(t, []string{"pulumi", "pulumi-language-go"}, names())
	for _, p := range engineParts {
		write(t, filepath.Join(dir, p.program), "", 0o755)
		write(t, filepath.Join(dir, p.program+".version"), "v3.258.0", 0o644)
	}
	require.Empty(t, names())
	require.NoError(t, os.Remove(filepath.Join(dir, "pulumi")))
	require.Equal(t, []string{"pulumi"}, names())
	pin(t, w, "v3.259.0")
	require.Equal(t, []string{"pulumi", "pulumi-language-go"}, names())
}

func TestAnEngineThatIsBuiltAlreadyIsNotBuiltAgain(t *testing.T) {
	w, said := newWorkspace(t)
	onPath(t, nil)
	pin(t, w, "v3.258.0")
	for _, p := range engineParts {
		write(t, filepath.Join(w.path("engine"), p.program), "", 0o755)
		write(t, filepath.Join(w.path("engine"), p.program+".version"), "v3.258.0", 0o644)
	}
	dir, err := w.Engine(t.Context())
	require.NoError(t, err)
	require.Equal(t, w.path("engine"), dir)
	require.Empty(t, said.String())
	onPath(t, map[string]string{"pulumi": "echo v3.258.0", "pulumi-language-go": ""})
	dir, err = w.Engine(t.Context())
	require.NoError(t, err)
	require.Empty(t, dir, "the one on the PATH is found there")
}

func TestAModuleThatPinsNothingIsAnError(t *testing.T) {
	w, _ := newWorkspace(t)
	p := engineParts[0]
	_, err := w.pinned(p)
	require.ErrorContains(t, err, "read the pinned version of pulumi")
	write(t, filepath.Join(w.Root, p.module, "go.mod"), "module x\n", 0o644)
	_, err = w.pinned(p)
	require.ErrorContains(t, err, "does not pin "+p.within)
}
