package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// Sessions keeps the sessions of browsers, for scs.
type Sessions interface {
	FindCtx(ctx context.Context, token string) (data []byte, found bool, err error)
	CommitCtx(ctx context.Context, token string, data []byte, expiry time.Time) error
	DeleteCtx(ctx context.Context, token string) error
	Forget(ctx context.Context, b allocator.Bygone, now time.Time) error
}

// RunSessions runs what must hold of sessions.
func RunSessions(t *testing.T, s Sessions) {
	now := time.Now()
	find := func(token, want string) {
		data, found, err := s.FindCtx(t.Context(), token)
		require.NoError(t, err)
		require.Equal(t, want != "", found, token)
		require.Equal(t, want, string(data))
	}
	require.NoError(t, s.CommitCtx(t.Context(), "live", []byte("a"), now.Add(time.Hour)))
	require.NoError(t, s.CommitCtx(t.Context(), "over", []byte("b"), now.Add(-time.Hour)))
	find("live", "a")
	find("over", "")
	require.NoError(t, s.CommitCtx(t.Context(), "live", []byte("a\x00\xff"), now.Add(time.Hour)))
	find("live", "a\x00\xff")
	require.NoError(t, s.DeleteCtx(t.Context(), "live"))
	find("live", "")

	require.NoError(t, s.CommitCtx(t.Context(), "live", []byte("a"), now.Add(time.Hour)))
	require.NoError(t, s.CommitCtx(t.Context(), "another", []byte("b"), now.Add(3*time.Hour)))
	find("live", "a")
	require.NoError(t, s.Forget(t.Context(), allocator.Bygone{Expired: now.Add(2 * time.Hour)}, now))
	find("live", "")
	find("another", "b")
}
