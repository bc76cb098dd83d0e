package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withViewer is a working copy that has this one's viewer.
func withViewer(t *testing.T) string {
	t.Helper()
	files := map[string]string{}
	for _, name := range []string{
		viewerSource + "/package.json", viewerSource + "/package-lock.json", viewerSource + "/viewer.js",
		bundler + "/go.mod", bundler + "/go.sum", "api/viewer/built/README.md",
	} {
		raw, err := os.ReadFile(filepath.Join("../../..", name))
		require.NoError(t, err)
		files[name] = string(raw)
	}
	return workingCopy(t, small, files)
}

// npm puts a program first on the PATH that fetches what the test says, and counts how
// often it did.
func npm(t *testing.T) (times func() int) {
	t.Helper()
	dir := t.TempDir()
	script := `#!/bin/sh
echo "$@" >>'` + dir + `/calls'
mkdir -p node_modules/@novnc/novnc
echo '{"name": "@novnc/novnc", "exports": "./rfb.js"}' >node_modules/@novnc/novnc/package.json
echo 'export default class { constructor() { this.of = "the test" } }' >node_modules/@novnc/novnc/rfb.js
`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "npm"), []byte(script), 0o755))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() int {
		raw, _ := os.ReadFile(filepath.Join(dir, "calls"))
		return strings.Count(string(raw), "ci --ignore-scripts")
	}
}

func TestTheViewerIsBuiltOnceOfWhatItsLockFilePins(t *testing.T) {
	root, times := withViewer(t), npm(t)
	require.NoError(t, Viewer(t.Context(), root))
	script, err := os.ReadFile(filepath.Join(root, viewerBuilt))
	require.NoError(t, err)
	assert.Contains(t, string(script), `"the test"`)
	assert.NotContains(t, string(script), root)
	require.NoError(t, Viewer(t.Context(), root))
	require.Equal(t, 1, times())

	lock := filepath.Join(root, viewerSource, "package-lock.json")
	require.NoError(t, os.WriteFile(lock, []byte("{}"), 0o644))
	require.NoError(t, Viewer(t.Context(), root))
	require.Equal(t, 2, times(), "what it is made of changed")
	require.NoError(t, os.Remove(filepath.Join(root, viewerBuilt)))
	require.NoError(t, Viewer(t.Context(), root))
	require.Equal(t, 3, times(), "it is gone")
}

func TestWithoutNPMNoReleaseIsBuilt(t *testing.T) {
	root := withViewer(t)
	source := Source{Root: root, Version: "source-test"}
	t.Setenv("PATH", t.TempDir())
	require.ErrorIs(t, Viewer(t.Context(), root), ErrNoNPM)
	_, err := Build(t.Context(), source, t.TempDir(), []string{own}, nil)
	require.ErrorContains(t, err, "apt-get install npm")
}

func TestTheLockFileNamesNoRegistry(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join("../../..", viewerSource, "package-lock.json"))
	require.NoError(t, err)
	assert.NotContains(t, string(raw), "://", "npm takes what its user's settings name (npm config set omit-lockfile-registry-resolved)")
	assert.Contains(t, string(raw), `"integrity": "sha512-`)
}
