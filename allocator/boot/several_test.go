package boot_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

func TestOneOfSeveralHostsWaitsForNoVolume(t *testing.T) {
	w := newWorld(t)
	sum := w.publish(t, "v1")
	require.NoError(t, os.Remove(filepath.Join(w.root, boot.DataDir)), "as on a new host")
	require.NoError(t, boot.Bootstrap(t.Context(), &w.said, boot.Config{Region: "us-west-2", Pointer: "/p", Bucket: "b"}, sum, "", w))
	require.Equal(t, sum, host.Current())
	require.DirExists(t, filepath.Join(w.root, boot.DataDir))
	for _, step := range []string{"volume", "format", "mount"} {
		require.NotContains(t, w.said.String(), "lablink: "+step)
	}
	require.NoFileExists(t, filepath.Join(w.root, "etc/fstab"))
	info, err := os.Stat(filepath.Join(w.root, boot.DataDir))
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o007, "nobody else reads the data")
}
