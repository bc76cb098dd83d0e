package postgres_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
)

func TestTwoAllocatorsNeverGiveAMachineTwice(t *testing.T) {
	c := pgtest.Database(t)
	storetest.RunShared(t, open(t, c), open(t, c))
}

// plain is a connection that is no allocator's.
func plain(t *testing.T, c postgres.Config) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", "host="+c.Host+" dbname="+c.Name+" user="+pgtest.User)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.IsType(t, &stdlib.Driver{}, db.Driver())
	return db
}

func TestAnAllocatorThatStallsInAChangeIsCutOff(t *testing.T) {
	c := pgtest.Database(t)
	s, other := open(t, c), plain(t, c)
	require.NoError(t, other.PingContext(t.Context())) // there is little time later on: see lock_timeout
	stalled, err := plain(t, c).BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = stalled.ExecContext(t.Context(), "SELECT pg_advisory_xact_lock(7234016839153115649)")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- storetest.SetAdmin(context.Background(), s, "hash") }()
	require.Eventually(t, func() bool { // one batch runs at a time
		var waiting int
		require.NoError(t, other.QueryRowContext(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'").Scan(&waiting))
		return waiting == 1
	}, wait, tick)
	_, err = stalled.ExecContext(t.Context(), "SET LOCAL idle_in_transaction_session_timeout = '100ms'")
	require.NoError(t, err)
	// It says nothing more, and the server frees what it held.
	require.NoError(t, <-done)
	require.Error(t, stalled.Commit())
}

func TestEachConnectionBoundsWhatItHolds(t *testing.T) {
	c := pgtest.Database(t)
	open(t, c)
	for name, want := range map[string]string{"idle_in_transaction_session_timeout": "5s", "lock_timeout": "8s", "statement_timeout": "10s", "synchronous_commit": "on"} {
		require.Equal(t, want, postgres.Setting(t, c, name), name)
	}
}

func TestOneAllocatorLeadsAndAnotherTakesOver(t *testing.T) {
	c := pgtest.Database(t)
	one, other := leader(t, c), leader(t, c)
	require.True(t, one.Leads(t.Context()))
	require.False(t, other.Leads(t.Context()))
	require.True(t, one.Leads(t.Context()), "it leads still")

	// Its connection breaks, as when its computer is gone.
	_, err := plain(t, c).ExecContext(t.Context(), "SELECT pg_terminate_backend(pid, 30000) FROM pg_locks WHERE locktype = 'advisory' AND granted")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return other.Leads(t.Context()) }, wait, tick)
	require.False(t, one.Leads(t.Context()))

	require.NoError(t, other.Close())
	require.Eventually(t, func() bool { return one.Leads(t.Context()) }, wait, tick)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	require.False(t, other.Leads(cancelled))
}

func leader(t *testing.T, c postgres.Config) *postgres.Leader {
	t.Helper()
	l, err := postgres.OpenLeader(c)
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}
