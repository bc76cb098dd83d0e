package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// withScripts is a working copy that has this one's scripts.
func withScripts(t *testing.T) string {
	t.Helper()
	files, names := map[string]string{}, []string{bundler + "/go.mod", bundler + "/go.sum"}
	for _, b := range bundles {
		names = append(names, b.source+"/package.json", b.source+"/package-lock.json", b.built+"/README.md")
		for _, part := range b.parts {
			names = append(names, b.source+"/"+part)
		}
	}
	for _, name := range names {
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
for name in @novnc/novnc htmx.org htmx-ext-sse idiomorph; do
  mkdir -p node_modules/$name
  echo '{"name": "'$name'", "exports": "./main.js"}' >node_modules/$name/package.json
  echo 'export default class { constructor() { this.of = "the test" } }; export const Idiomorph = { defaults: { callbacks: {} } };' >node_modules/$name/main.js
done
mkdir -p node_modules/modern-normalize
echo '{"name": "modern-normalize", "style": "main.css", "exports": {".": "./main.css"}}' >node_modules/modern-normalize/package.json
echo 'html { --of: "the test" }' >node_modules/modern-normalize/main.css
`
	require.NoError(t, os.WriteFile(filepath.Join(dir, "npm"), []byte(script), 0o755))
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return func() int {
		raw, _ := os.ReadFile(filepath.Join(dir, "calls"))
		return strings.Count(string(raw), "ci --ignore-scripts")
	}
}

func TestScriptsAreBuiltOnceOfWhatTheirLockFilesPin(t *testing.T) {
	root, times := withScripts(t), npm(t)
	require.NoError(t, Scripts(t.Context(), root))
	for _, name := range ScriptsBuilt() {
		script, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		assert.Contains(t, string(script), `"the test"`)
		assert.NotContains(t, string(script), root)
	}
	require.NoError(t, Scripts(t.Context(), root))
	require.Equal(t, 2, times(), "one for each")

	lock := filepath.Join(root, bundles[0].source, "package-lock.json")
	require.NoError(t, os.WriteFile(lock, []byte("{}"), 0o644))
	require.NoError(t, Scripts(t.Context(), root))
	require.Equal(t, 3, times(), "what one is made of changed")
	require.NoError(t, os.Remove(filepath.Join(root, ScriptsBuilt()[0])))
	require.NoError(t, Scripts(t.Context(), root))
	require.Equal(t, 4, times(), "it is gone")
}

func TestWithoutNPMNoReleaseIsBuilt(t *testing.T) {
	root := withScripts(t)
	source := Source{Root: root, Version: "source-test"}
	t.Setenv("PATH", t.TempDir())
	require.ErrorIs(t, Scripts(t.Context(), root), ErrNoNPM)
	_, err := Build(t.Context(), source, t.TempDir(), []string{own}, nil)
	require.ErrorContains(t, err, "apt-get install npm")
}

func TestLockFilesNameNoRegistry(t *testing.T) {
	for _, b := range bundles {
		raw, err := os.ReadFile(filepath.Join("../../..", b.source, "package-lock.json"))
		require.NoError(t, err)
		lock := strings.ReplaceAll(string(raw), `"url": "https://github.com/sponsors/`, "") // whom npm would have us thank
		assert.NotContains(t, lock, "://", "npm takes what its user's settings name (npm config set omit-lockfile-registry-resolved)")
		assert.Contains(t, lock, `"integrity": "sha512-`)
	}
}
