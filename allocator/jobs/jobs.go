package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// operationArgs is a job: one step of an operation.
type operationArgs struct {
	Operation string `json:"operation"`
}

// Kind names the job in River's tables.
func (operationArgs) Kind() string { return "operation" }

// Queue runs operations.
type Queue struct {
	db     *sql.DB
	client *river.Client[*sql.Tx]
}

var _ allocator.Queue = (*Queue)(nil)

// Open opens the file at path, makes it when it is not there, and prepares to
// call run for each operation, until it returns nil.
func Open(ctx context.Context, path string, run func(ctx context.Context, operation string) error, log *slog.Logger) (*Queue, error) {
	pragmas := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: path, RawQuery: pragmas.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open the job queue %s: %w", path, err)
	}
	db.SetMaxOpenConns(1) // SQLite has one writer, and River mostly writes
	q := &Queue{db: db}
	if err := q.prepare(ctx, run, log); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return q, nil
}

func (q *Queue) prepare(ctx context.Context, run func(context.Context, string) error, log *slog.Logger) error {
	quiet := slog.New(atLeast{log.Handler(), slog.LevelWarn})
	driver := riversqlite.New(q.db)
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return fmt.Errorf("prepare the job queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("migrate the job queue: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{run: run, log: log})
	q.client, err = river.NewClient(driver, &river.Config{
		Queues:      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 8}},
		Workers:     workers,
		Logger:      quiet,
		JobTimeout:  5 * time.Minute,
		MaxAttempts: 1000,
		RetryPolicy: backOff{},
		// A job that a killed process was running is taken up at the start; see Start.
		RescueStuckJobsAfter: 10 * time.Minute,
	})
	if err != nil {
		return fmt.Errorf("prepare the job queue: %w", err)
	}
	return nil
}

// Start begins to run jobs.
func (q *Queue) Start(ctx context.Context) error {
	// Nobody else uses this file, so no job is running yet. What a killed process
	// left as running is dropped: the allocator queues it again from its store.
	if _, err := q.db.ExecContext(ctx, "DELETE FROM river_job WHERE state = 'running'"); err != nil {
		return fmt.Errorf("clear interrupted jobs: %w", err)
	}
	if err := q.client.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("start the job queue: %w", err)
	}
	return nil
}

// Close waits for running jobs until ctx ends, then stops them.
func (q *Queue) Close(ctx context.Context) error {
	err := q.client.Stop(ctx)
	if err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err = q.client.StopAndCancel(stopCtx)
	}
	return errors.Join(err, q.db.Close())
}

// living are the states of a job that is still to run: beside one of these no
// other is queued for its operation. One that was done or discarded is no
// hindrance.
var living = []rivertype.JobState{
	rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable,
	rivertype.JobStateRunning, rivertype.JobStateScheduled,
}

// Enqueue makes the operation run soon, unless it has a job already.
func (q *Queue) Enqueue(ctx context.Context, operation string) error {
	once := &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: living}}
	if _, err := q.client.Insert(ctx, operationArgs{operation}, once); err != nil {
		return fmt.Errorf("queue operation %s: %w", operation, err)
	}
	return nil
}

// worker carries operations on, one step a job.
type worker struct {
	river.WorkerDefaults[operationArgs]
	run func(ctx context.Context, operation string) error
	log *slog.Logger
}

// Work runs one step. One that is to be run later is snoozed, which is no
// failure; any other error is tried again after a while.
func (w *worker) Work(ctx context.Context, job *river.Job[operationArgs]) error {
	err := w.run(ctx, job.Args.Operation)
	var later *allocator.Later
	switch {
	case errors.As(err, &later):
		return river.JobSnooze(later.After)
	case err != nil:
		w.log.Warn("a step of an operation failed and is tried again", "operation", job.Args.Operation, "attempt", job.Attempt, "error", err)
	}
	return err
}

// backOff is how long a failed step waits: a second, then twice as long each
// time, up to half a minute.
type backOff struct{}

// NextRetry is when the job runs again.
func (backOff) NextRetry(job *rivertype.JobRow) time.Time {
	wait := time.Second << min(len(job.Errors), 5)
	return time.Now().Add(min(wait, 30*time.Second))
}

// atLeast drops records below a level.
type atLeast struct {
	slog.Handler
	level slog.Level
}

// Enabled reports whether a record of this level is kept.
func (h atLeast) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.level && h.Handler.Enabled(ctx, level)
}

// WithAttrs and WithGroup keep the level.
func (h atLeast) WithAttrs(attrs []slog.Attr) slog.Handler {
	return atLeast{h.Handler.WithAttrs(attrs), h.level}
}

// WithGroup keeps the level.
func (h atLeast) WithGroup(name string) slog.Handler {
	return atLeast{h.Handler.WithGroup(name), h.level}
}
