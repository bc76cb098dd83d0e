package sqlite_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t testing.TB) allocator.Store { return open(t, filepath.Join(folder(t), "lablink.db")) })
}

func TestWhatWasAcknowledgedIsThereAfterTheFileIsOpenedAgain(t *testing.T) {
	path := filepath.Join(folder(t), "lab link?#.db")
	first := open(t, path)
	require.NoError(t, first.SetPasswordHash(t.Context(), "admin", "hash"))
	require.NoError(t, first.Close())
	second := open(t, path)
	hash, err := second.PasswordHash(t.Context(), "admin")
	require.NoError(t, err)
	require.Equal(t, "hash", hash)
	require.NoError(t, second.Ping(t.Context()))
}

func TestAClosedStoreRefusesChanges(t *testing.T) {
	s := open(t, filepath.Join(folder(t), "lablink.db"))
	require.NoError(t, s.Close())
	require.Error(t, s.SetPasswordHash(t.Context(), "admin", "hash"))
}

func TestSessionsExpire(t *testing.T) {
	s := open(t, filepath.Join(folder(t), "lablink.db"))
	now := time.Now()
	require.NoError(t, s.CommitCtx(t.Context(), "live", []byte("a"), now.Add(time.Hour)))
	require.NoError(t, s.CommitCtx(t.Context(), "over", []byte("b"), now.Add(-time.Hour)))
	data, found, err := s.FindCtx(t.Context(), "live")
	require.NoError(t, err)
	require.True(t, found)
	require.Equal(t, "a", string(data))
	_, found, err = s.FindCtx(t.Context(), "over")
	require.NoError(t, err)
	require.False(t, found)
	require.NoError(t, s.DeleteCtx(t.Context(), "live"))
	_, found, err = s.FindCtx(t.Context(), "live")
	require.NoError(t, err)
	require.False(t, found)
}
