package sqlite_test

import (
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, path string) *sqlstore.Store {
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
	require.NoError(t, storetest.SetAdmin(t.Context(), first, "hash"))
	require.NoError(t, first.Close())
	second := open(t, path)
	hash, err := storetest.AdminHash(t.Context(), second)
	require.NoError(t, err)
	require.Equal(t, "hash", hash)
	require.NoError(t, second.Ping(t.Context()))
}

func TestAClosedStoreRefusesChanges(t *testing.T) {
	s := open(t, filepath.Join(folder(t), "lablink.db"))
	require.NoError(t, s.Close())
	require.Error(t, storetest.SetAdmin(t.Context(), s, "hash"))
}

func TestSessionsExpire(t *testing.T) {
	storetest.RunSessions(t, open(t, filepath.Join(folder(t), "lablink.db")))
}

func TestWhyAMachineWasLostIsNotOfAnotherOne(t *testing.T) {
	path := filepath.Join(folder(t), "lablink.db")
	storetest.RunLosses(t, open(t, path), func(statement string) {
		db, err := sql.Open("sqlite", path)
		require.NoError(t, err)
		_, err = db.ExecContext(t.Context(), statement)
		require.NoError(t, errors.Join(err, db.Close()))
	})
}

func TestWhatAWSToldOfPricesIsKept(t *testing.T) {
	storetest.RunPrices(t, open(t, filepath.Join(folder(t), "lablink.db")))
}

// What this release does, it does on the schema of the next one too: columns and
// tables that it does not know are there, and a migration that it does not have.
func TestStoreOnTheSchemaOfTheNextRelease(t *testing.T) {
	storetest.Run(t, func(t testing.TB) allocator.Store {
		path := filepath.Join(folder(t), "lablink.db")
		require.NoError(t, open(t, path).Close())
		db, err := sql.Open("sqlite", path)
		require.NoError(t, err)
		for _, table := range []string{"workshops", "machines", "timeline", "seats", "seat_tokens", "operations", "operation_machines", "attempts", "proofs", "users", "sessions", "events"} {
			_, err = db.ExecContext(t.Context(), "ALTER TABLE "+table+" ADD COLUMN of_the_next_release TEXT NOT NULL DEFAULT 'x'")
			require.NoError(t, err)
		}
		_, err = db.ExecContext(t.Context(), "INSERT INTO goose_db_version (version_id, is_applied) VALUES (900, 1)")
		require.NoError(t, errors.Join(err, db.Close()))
		return open(t, path)
	})
}

func TestACopyIsWhatTheDatabaseHoldsAtThatMoment(t *testing.T) {
	dir := folder(t)
	s := open(t, filepath.Join(dir, "lablink.db"))
	require.NoError(t, storetest.SetAdmin(t.Context(), s, "before"))
	copied := filepath.Join(dir, "copy.db")
	require.NoError(t, sqlite.Copy(t.Context(), filepath.Join(dir, "lablink.db"), copied))
	require.NoError(t, storetest.SetAdmin(t.Context(), s, "after"))
	hash, err := storetest.AdminHash(t.Context(), open(t, copied))
	require.NoError(t, err)
	require.Equal(t, "before", hash)
	require.Error(t, sqlite.Copy(t.Context(), filepath.Join(dir, "lablink.db"), copied), "nothing is written over")
}

// What is acknowledged is on the disk here.
func BenchmarkClaims(b *testing.B) {
	storetest.BenchmarkClaims(b, func(t testing.TB) allocator.Store { return open(t, filepath.Join(t.TempDir(), "lablink.db")) })
}
