package sqlite_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// folder is a folder in memory where the system has one: what is tested here is
// what is written, not how fast a disk flushes it.
func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "lablink-test-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}
