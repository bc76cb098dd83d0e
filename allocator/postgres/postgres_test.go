package postgres_test

import (
	"log"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := pgtest.Stop(); err != nil {
			log.Print(err)
			code = 1
		}
		os.Exit(code)
	}))
}

func open(t testing.TB, c postgres.Config) *sqlstore.Store {
	t.Helper()
	s, err := postgres.Open(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t testing.TB) allocator.Store { return open(t, pgtest.Database(t)) })
}

func TestSessionsExpire(t *testing.T) {
	storetest.RunSessions(t, open(t, pgtest.Database(t)))
}

func TestWhyAMachineWasLostIsNotOfAnotherOne(t *testing.T) {
	c := pgtest.Database(t)
	db := plain(t, c)
	storetest.RunLosses(t, open(t, c), func(statement string) {
		_, err := db.ExecContext(t.Context(), statement)
		require.NoError(t, err)
	})
}

func TestWhatAWSToldOfPricesIsKept(t *testing.T) {
	storetest.RunPrices(t, open(t, pgtest.Database(t)))
}

// Both databases have the same migrations, each in its words.
func TestEachMigrationIsThereForBothDatabases(t *testing.T) {
	require.Equal(t, names(t, "../sqlite/migrations/*.sql"), names(t, "migrations/*.sql"))
}

func names(t *testing.T, pattern string) (out []string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	require.NoError(t, err)
	for _, file := range files {
		out = append(out, filepath.Base(file))
	}
	return out
}

// Two allocators that start at once bring the schema up to date once.
func TestTwoAllocatorsMayStartAtOnce(t *testing.T) {
	c := pgtest.Database(t)
	db := plain(t, c)
	_, err := db.ExecContext(t.Context(), "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
	require.NoError(t, err)
	var both errgroup.Group
	for range 2 {
		both.Go(func() error {
			s, err := postgres.Open(t.Context(), c)
			if err == nil {
				err = s.Close()
			}
			return err
		})
	}
	require.NoError(t, both.Wait())
}
