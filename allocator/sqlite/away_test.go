package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// beside opens a file that a store has open.
func beside(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := connect(path, 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// claimAll lets people ask for seats at once, and returns what each was told.
func claimAll(s *sqlstore.Store, ws allocator.Workshop, from, to int) []error {
	var all sync.WaitGroup
	errs := make([]error, to-from)
	for i := range errs {
		r := allocator.ClaimRequest{
			WorkshopID: ws.ID, Email: fmt.Sprintf("p%d@example.org", from+i), Token: allocator.SecretSum(fmt.Sprint(from + i)),
			NewSeat: fmt.Sprintf("sea_%d", from+i), At: noon,
		}
		all.Go(func() { _, errs[i] = s.Claim(context.Background(), r) })
	}
	all.Wait()
	return errs
}

// fill lets a log grow until there is no room for more of it.
func fill(t *testing.T, s *sqlstore.Store, machine string) {
	t.Helper()
	for i := range int64(1000) {
		b := api.LogBatch{Run: "run", Number: i, Lines: []api.LogLine{{Text: strings.Repeat("x", 10_000)}}}
		if err := s.AddLogs(t.Context(), machine, b, noon, 1<<30); err != nil {
			requireUnavailable(t, err, "disk is full")
			return
		}
	}
	require.FailNow(t, "there is no end of room")
}

func requireUnavailable(t *testing.T, err error, says string) {
	t.Helper()
	require.Equal(t, api.Unavailable, api.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, says)
}

// A full volume is one on which the file cannot grow.
func TestAFullDiskIsToldInWordsAndNeedsNobodyOnceThereIsRoom(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lablink.db")
	s, err := Open(t.Context(), path, quiet)
	require.NoError(t, err)
	ws, machines := storetest.Ready(t, s, 5)
	require.NoError(t, s.Close())
	other := beside(t, path)
	var pages int
	require.NoError(t, other.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages))
	s, err = open(t.Context(), path, quiet, append(slices.Clone(standard), fmt.Sprintf("max_page_count(%d)", pages+20)))
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, claimAll(s, ws, 0, 1)[0])
	fill(t, s, machines[0].ID)

	refused := 0
	for from := 100; from < 1000; from += 20 { // a few find room in what is there
		for _, err := range claimAll(s, ws, from, from+20) {
			if err != nil {
				requireUnavailable(t, err, "disk is full")
				refused++
			}
		}
	}
	require.Positive(t, refused)
	seat, err := s.SeatByToken(t.Context(), allocator.SecretSum("0"))
	require.NoError(t, err, "who has a seat goes on")
	require.Equal(t, allocator.SeatAssigned, seat.State)
	live, err := s.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Len(t, live, 1+900-refused, "what was acknowledged is there, and nothing else")

	_, err = other.ExecContext(t.Context(), "DELETE FROM logs")
	require.NoError(t, err)
	require.NoError(t, claimAll(s, ws, 2000, 2001)[0], "without a restart")
	require.NoError(t, s.TryWrite(t.Context(), noon))
}

func TestALockedDatabaseIsToldInWordsAndNeedsNobodyOnceItIsFree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lablink.db")
	s, err := open(t.Context(), path, quiet, append([]string{"busy_timeout(10)"}, standard[1:]...))
	require.NoError(t, err)
	defer s.Close()
	ws, _ := storetest.Ready(t, s, 2)
	require.NoError(t, claimAll(s, ws, 0, 1)[0])
	lock, err := beside(t, path).BeginTx(t.Context(), nil)
	require.NoError(t, err)
	for _, err := range claimAll(s, ws, 1, 20) {
		requireUnavailable(t, err, "locked")
		require.ErrorContains(t, err, "cannot be read or kept now", "who only reads is told it too")
		require.ErrorContains(t, err, "Nothing was changed")
	}
	requireUnavailable(t, s.TryWrite(t.Context(), noon), "locked")
	_, err = s.SeatByToken(t.Context(), allocator.SecretSum("0"))
	require.NoError(t, err, "who has a seat goes on")
	require.NoError(t, lock.Rollback())
	require.NoError(t, claimAll(s, ws, 1, 2)[0], "without a restart")
}
