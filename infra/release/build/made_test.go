package build

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestWhatIsThereIsTakenOnlyAsLongAsItIsWhatWasBuilt(t *testing.T) {
	root, dir := workingCopy(t, small), t.TempDir()
	build := func() Artifact {
		source, err := FindSource(t.Context(), root)
		require.NoError(t, err)
		b, err := Build(t.Context(), source, dir, []string{own}, nil)
		require.NoError(t, err)
		return b.Allocator[0]
	}
	first := build()
	before, err := os.Stat(first.Path)
	require.NoError(t, err)
	assert.Equal(t, first, build())
	after, err := os.Stat(first.Path)
	require.NoError(t, err)
	assert.Equal(t, before.ModTime(), after.ModTime(), "it was there")

	require.NoError(t, os.WriteFile(first.Path, []byte("changed behind its back"), 0o755))
	assert.Equal(t, first, build())
	require.NoError(t, os.Remove(first.Path))
	assert.Equal(t, first, build())

	require.NoError(t, os.WriteFile(filepath.Join(root, allocatorMain, "more.go"), []byte("package main\n\nfunc init() { println(1) }\n"), 0o600))
	assert.NotEqual(t, first.SHA256, build().SHA256)
}
