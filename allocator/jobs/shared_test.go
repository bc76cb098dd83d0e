package jobs_test

import (
	"context"
	"database/sql"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/jobs"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
)

func openShared(t *testing.T, c postgres.Config, ticks <-chan time.Time, run func(context.Context, string) error) *jobs.Queue {
	t.Helper()
	pool, err := postgres.Pool(t.Context(), c, jobs.Connections)
	require.NoError(t, err)
	q, err := jobs.OpenShared(t.Context(), pool, run, ticks, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return q
}

func words(c postgres.Config) string {
	return "host=" + c.Host + " dbname=" + c.Name + " user=" + pgtest.User
}

// pair is two allocators on one database. The first has begun to run op_1, and goes
// on until finish is closed; the second looks after others at its ticks.
type pair struct {
	db            *sql.DB
	first, second *jobs.Queue
	ticks         chan time.Time
	finish        chan struct{}
	ran           chan string // what either began to run
}

func newPair(t *testing.T) pair {
	t.Helper()
	c := pgtest.Database(t)
	db, err := sql.Open("pgx", words(c))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	p := pair{db: db, ticks: make(chan time.Time), finish: make(chan struct{}), ran: make(chan string, 10)}
	p.first = openShared(t, c, nil, func(_ context.Context, op string) error {
		p.ran <- op
		<-p.finish
		return nil
	})
	require.NoError(t, p.first.Start(t.Context()))
	require.NoError(t, p.first.Enqueue(t.Context(), "op_1"))
	expect(t, p.ran, "the start of the job")
	p.second = openShared(t, c, p.ticks, func(_ context.Context, op string) error { p.ran <- op; return nil })
	require.NoError(t, p.second.Start(t.Context()))
	return p
}

// look makes the second look after others so many times. A tick is taken once the look
// before it is over: the last look may go on when this returns.
func (p pair) look(times int) {
	for range times {
		p.ticks <- time.Time{}
	}
}

func (p pair) close(t *testing.T) {
	t.Helper()
	require.NoError(t, p.first.Close(t.Context()))
	require.NoError(t, p.second.Close(t.Context()))
}

func TestAJobOfAnAllocatorThatIsGoneIsTakenUpByAnother(t *testing.T) {
	p := newPair(t)
	// As when its computer is gone: what it held at the server is free.
	_, err := p.db.ExecContext(t.Context(), `SELECT pg_terminate_backend(pid, 30000) FROM pg_locks JOIN pg_stat_activity a USING (pid)
		WHERE locktype = 'advisory' AND objsubid = 2 AND datname = current_database() ORDER BY backend_start LIMIT 1`)
	require.NoError(t, err)
	p.look(2) // and no more: the first one never takes its lock again
	// This one lives all the same, so either of the two may be the one to run it.
	require.Equal(t, "op_1", expect(t, p.ran, "the job once more"))

	// It was not gone. Its end changes nothing any more.
	close(p.finish)
	p.close(t)
	var state string
	var attempt int
	require.NoError(t, p.db.QueryRowContext(t.Context(), "SELECT state, attempt FROM river_job").Scan(&state, &attempt))
	require.Equal(t, "completed", state)
	require.Equal(t, 2, attempt)
}

func TestAJobOfAnAllocatorThatLivesIsLeftToIt(t *testing.T) {
	p := newPair(t)
	p.look(3)
	var state string
	require.NoError(t, p.db.QueryRowContext(t.Context(), "SELECT state FROM river_job").Scan(&state))
	require.Equal(t, "running", state)
	close(p.finish)
	p.close(t)
	require.Empty(t, p.ran)
}

func TestAJobRunsInOneOfTwoAllocators(t *testing.T) {
	c := pgtest.Database(t)
	var runs atomic.Int32
	ran := make(chan string, 100)
	run := func(_ context.Context, op string) error {
		runs.Add(1)
		ran <- op
		return nil
	}
	one, other := openShared(t, c, nil, run), openShared(t, c, nil, run)
	require.NoError(t, one.Start(t.Context()))
	require.NoError(t, other.Start(t.Context()))
	const operations = 20
	for i := range operations {
		op := "op_" + string(rune('a'+i))
		require.NoError(t, one.Enqueue(t.Context(), op))
		require.NoError(t, other.Enqueue(t.Context(), op+"_too"))
	}
	for range 2 * operations {
		expect(t, ran, "an operation")
	}
	require.NoError(t, one.Close(t.Context()))
	require.NoError(t, other.Close(t.Context()))
	require.Equal(t, int32(2*operations), runs.Load())
}
