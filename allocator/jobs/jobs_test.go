package jobs_test

import (
	"context"
	"database/sql"
	"errors"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/jobs"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
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

// place is where queues are kept, one after the other.
type place struct {
	open  func(t *testing.T, run func(context.Context, string) error) *jobs.Queue
	count func(t *testing.T) int // how many jobs there are
}

// everywhere runs a test on each database.
func everywhere(t *testing.T, test func(t *testing.T, p place)) {
	quiet := slog.New(slog.DiscardHandler)
	t.Run("SQLite", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "jobs.db")
		test(t, place{
			func(t *testing.T, run func(context.Context, string) error) *jobs.Queue {
				q, err := jobs.Open(t.Context(), path, run, quiet)
				require.NoError(t, err)
				return q
			},
			func(t *testing.T) int { return count(t, "sqlite", path) },
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		c := pgtest.Database(t)
		test(t, place{
			func(t *testing.T, run func(context.Context, string) error) *jobs.Queue {
				return openShared(t, c, nil, run)
			},
			func(t *testing.T) int { return count(t, "pgx", words(c)) },
		})
	})
}

func count(t *testing.T, driver, source string) (n int) {
	t.Helper()
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	defer db.Close()
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM river_job").Scan(&n))
	return n
}

// expect waits for what a job does; the limit is for a test that has failed.
func expect[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(time.Minute):
		t.Fatalf("%s did not happen", what)
		panic("unreachable")
	}
}

func TestAnOperationIsRunAgainUntilItIsDone(t *testing.T) {
	everywhere(t, operationIsRunAgain)
}

func operationIsRunAgain(t *testing.T, p place) {
	var calls atomic.Int32
	done := make(chan string, 1)
	q := p.open(t, func(_ context.Context, op string) error {
		switch calls.Add(1) {
		case 1:
			return &allocator.Later{After: time.Millisecond, Why: "waiting for machines"}
		case 2:
			return errors.New("connection reset")
		}
		done <- op
		return nil
	})
	require.NoError(t, q.Start(t.Context()))
	require.NoError(t, q.Enqueue(t.Context(), "op_1"))
	require.Equal(t, "op_1", expect(t, done, "the end of the operation"))
	require.NoError(t, q.Close(t.Context()))
	require.Equal(t, int32(3), calls.Load())
}

func TestAnOperationHasOneJobUntilItIsDone(t *testing.T) {
	everywhere(t, operationHasOneJob)
}

func operationHasOneJob(t *testing.T, p place) {
	ran := make(chan string, 10)
	q := p.open(t, func(_ context.Context, op string) error { ran <- op; return nil })
	for _, op := range []string{"op_1", "op_1", "op_2", "op_1"} { // nothing runs yet
		require.NoError(t, q.Enqueue(t.Context(), op))
	}
	require.Equal(t, 2, p.count(t))

	require.NoError(t, q.Start(t.Context()))
	expect(t, ran, "one operation")
	expect(t, ran, "the other operation")
	// Once its job is written down as done, the operation can be queued again.
	require.Eventually(t, func() bool {
		require.NoError(t, q.Enqueue(t.Context(), "op_1"))
		return len(ran) > 0
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, q.Close(t.Context()))
}

func TestWhatWasQueuedBeforeARestartIsRunAfterIt(t *testing.T) {
	everywhere(t, queuedIsRunAfterARestart)
}

func queuedIsRunAfterARestart(t *testing.T, p place) {
	first := p.open(t, func(context.Context, string) error { return errors.New("never called") })
	require.NoError(t, first.Enqueue(t.Context(), "op_1"))
	require.NoError(t, first.Close(t.Context()))

	done := make(chan string, 1)
	second := p.open(t, func(_ context.Context, op string) error { done <- op; return nil })
	require.NoError(t, second.Start(t.Context()))
	require.Equal(t, "op_1", expect(t, done, "the operation"))
	require.NoError(t, second.Close(t.Context()))
}

func TestClosingWaitsForTheJobThatRuns(t *testing.T) {
	everywhere(t, closingWaits)
}

func closingWaits(t *testing.T, p place) {
	started, finish := make(chan struct{}), make(chan struct{})
	var finished atomic.Bool
	q := p.open(t, func(context.Context, string) error {
		close(started)
		<-finish
		finished.Store(true)
		return nil
	})
	require.NoError(t, q.Start(t.Context()))
	require.NoError(t, q.Enqueue(t.Context(), "op_1"))
	expect(t, started, "the start of the job")
	closed := make(chan error, 1)
	go func() { closed <- q.Close(context.Background()) }()
	close(finish)
	require.NoError(t, expect(t, closed, "the closing"))
	require.True(t, finished.Load())
}

func TestJobsAreCountedByState(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		q := p.open(t, func(context.Context, string) error { return nil })
		defer func() { require.NoError(t, q.Close(t.Context())) }()
		require.NoError(t, q.Enqueue(t.Context(), "op_1"))
		require.NoError(t, q.Enqueue(t.Context(), "op_2"))
		counted, err := q.Count(t.Context())
		require.NoError(t, err)
		require.Equal(t, map[string]int{"available": 2, "pending": 0, "retryable": 0, "running": 0, "scheduled": 0, "discarded": 0}, counted)
	})
}
