package jobs_test

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/jobs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, path string, run func(context.Context, string) error) *jobs.Queue {
	t.Helper()
	q, err := jobs.Open(t.Context(), path, run, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return q
}

// expect waits for what a job does; the limit is for a test that has failed.
func expect[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second):
		t.Fatalf("%s did not happen", what)
		panic("unreachable")
	}
}

func TestAnOperationIsRunAgainUntilItIsDone(t *testing.T) {
	var calls atomic.Int32
	done := make(chan string, 1)
	q := open(t, filepath.Join(t.TempDir(), "jobs.db"), func(_ context.Context, op string) error {
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
	path := filepath.Join(t.TempDir(), "jobs.db")
	ran := make(chan string, 10)
	q := open(t, path, func(_ context.Context, op string) error { ran <- op; return nil })
	for _, op := range []string{"op_1", "op_1", "op_2", "op_1"} { // nothing runs yet
		require.NoError(t, q.Enqueue(t.Context(), op))
	}
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	defer db.Close()
	var jobs int
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT count(*) FROM river_job").Scan(&jobs))
	require.Equal(t, 2, jobs)

	require.NoError(t, q.Start(t.Context()))
	expect(t, ran, "one operation")
	expect(t, ran, "the other operation")
	// Once its job is written down as done, the operation can be queued again.
	require.Eventually(t, func() bool {
		require.NoError(t, q.Enqueue(t.Context(), "op_1"))
		return len(ran) > 0
	}, 30*time.Second, 10*time.Millisecond)
	require.NoError(t, q.Close(t.Context()))
}

func TestWhatWasQueuedBeforeARestartIsRunAfterIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jobs.db")
	first := open(t, path, func(context.Context, string) error { return errors.New("never called") })
	require.NoError(t, first.Enqueue(t.Context(), "op_1"))
	require.NoError(t, first.Close(t.Context()))

	done := make(chan string, 1)
	second := open(t, path, func(_ context.Context, op string) error { done <- op; return nil })
	require.NoError(t, second.Start(t.Context()))
	require.Equal(t, "op_1", expect(t, done, "the operation"))
	require.NoError(t, second.Close(t.Context()))
}

func TestClosingWaitsForTheJobThatRuns(t *testing.T) {
	started, finish := make(chan struct{}), make(chan struct{})
	var finished atomic.Bool
	q := open(t, filepath.Join(t.TempDir(), "jobs.db"), func(context.Context, string) error {
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
