package main

import (
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
)

func TestARehearsalHasACopyOfTheDatabases(t *testing.T) {
	data := t.TempDir()
	require.NoError(t, copyData(t.Context(), data), "a host that has not served yet")
	require.DirExists(t, boot.RehearsalDir(data))

	store, err := sqlite.Open(t.Context(), filepath.Join(data, storeFile), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, storetest.SetAdmin(t.Context(), store, "a hash"))
	require.NoError(t, copyData(t.Context(), data), "while the service goes on")
	second, err := sqlite.Open(t.Context(), filepath.Join(boot.RehearsalDir(data), storeFile), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer second.Close()
	hash, err := storetest.AdminHash(t.Context(), second)
	require.NoError(t, err)
	require.Equal(t, "a hash", hash)
}

func TestACopyThatHasNoRoomIsNotBegun(t *testing.T) {
	data := t.TempDir()
	var disk syscall.Statfs_t
	require.NoError(t, syscall.Statfs(data, &disk))
	file, err := os.Create(filepath.Join(data, storeFile))
	require.NoError(t, err)
	require.NoError(t, file.Truncate(int64(disk.Bavail)*disk.Bsize/2), "a file with a hole takes no room itself")
	require.NoError(t, file.Close())
	require.ErrorContains(t, copyData(t.Context(), data), "set allocator.dataVolumeGiB higher")
	require.NoDirExists(t, boot.RehearsalDir(data))
}
