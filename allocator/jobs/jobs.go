package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

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
	client client
	count  func(ctx context.Context) (map[string]int, error)
	begin  func(ctx context.Context) error // done before jobs run
	end    func() error                    // done when no job runs any more
}

var _ allocator.Queue = (*Queue)(nil)

// client is what is used of River's, whatever it stores in.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	Insert(ctx context.Context, args river.JobArgs, opts *river.InsertOpts) (*rivertype.JobInsertResult, error)
}

// prepare brings River's tables up to date and makes its client.
func prepare[T any](ctx context.Context, driver riverdriver.Driver[T], id string, run func(context.Context, string) error, log *slog.Logger) (*river.Client[T], error) {
	quiet := slog.New(atLeast{log.Handler(), slog.LevelWarn})
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return nil, fmt.Errorf("prepare the job queue: %w", err)
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return nil, fmt.Errorf("migrate the job queue: %w", err)
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, &worker{run: run, log: log})
	c, err := river.NewClient(driver, &river.Config{
		ID:          id,
		Queues:      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 8}},
		Workers:     workers,
		Logger:      quiet,
		JobTimeout:  5 * time.Minute,
		MaxAttempts: 1000,
		RetryPolicy: backOff{},
		// What a killed process was running is taken up long before.
		RescueStuckJobsAfter: 10 * time.Minute,
	})
	if err != nil {
		return nil, fmt.Errorf("prepare the job queue: %w", err)
	}
	return c, nil
}

// Start begins to run jobs.
func (q *Queue) Start(ctx context.Context) error {
	if err := q.begin(ctx); err != nil {
		return err
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
	return errors.Join(err, q.end())
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

// counting is the query for how many jobs of each state there are. Those that were
// done are no matter any more.
const counting = "SELECT state, count(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled') GROUP BY state"

// Count is how many jobs there are that are still to run or were given up, by state.
func (q *Queue) Count(ctx context.Context) (map[string]int, error) {
	out := map[string]int{string(rivertype.JobStateDiscarded): 0}
	for _, state := range living {
		out[string(state)] = 0
	}
	counted, err := q.count(ctx)
	if err != nil {
		return nil, fmt.Errorf("count the jobs: %w", err)
	}
	maps.Copy(out, counted)
	return out, nil
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
