package sqlite

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// The release before removes what has a stamp that is too old with each batch, and has
// stamped what it knew no time of with 0.
func TestWhatWasLoggedWhenNobodyKnewTheTimeOutlastsTheReleaseBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lablink.db")
	s, err := Open(t.Context(), path, quiet)
	require.NoError(t, err)
	defer s.Close()
	_, machines := storetest.Ready(t, s, 1)
	add := func(number int64) {
		require.NoError(t, s.AddLogs(t.Context(), machines[0].ID, api.LogBatch{Run: "a", Number: number}, time.Time{}, 1<<20))
	}
	kept := func() int {
		all, err := s.Logs(t.Context(), machines[0].ID, 0, 100)
		require.NoError(t, err)
		return len(all)
	}
	other := beside(t, path)
	add(1)
	_, err = other.ExecContext(t.Context(), "DELETE FROM logs WHERE at < $1", noon.UnixMicro())
	require.NoError(t, err)
	require.Equal(t, 1, kept())

	add(2)
	_, err = other.ExecContext(t.Context(), "UPDATE logs SET at = 0 WHERE number = 2")
	require.NoError(t, err)
	require.NoError(t, s.Forget(t.Context(), allocator.Bygone{Logs: noon}, noon))
	require.Equal(t, 2, kept(), "they are from now")
	require.NoError(t, s.Forget(t.Context(), allocator.Bygone{Logs: noon.Add(time.Second)}, noon))
	require.Zero(t, kept())
}
