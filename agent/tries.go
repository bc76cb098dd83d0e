package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/talmolab/lablink-infrastructure/api"
)

// maxRetryAfter is how long the agent waits at most because it was told to.
const maxRetryAfter = 10 * time.Minute

// tries is one thing that the agent does until it succeeds.
type tries struct {
	what  string
	pause *pause
	log   *slog.Logger
	told  string
}

func (a *Agent) tries(what string) *tries {
	return &tries{what: what, pause: &pause{random: a.Random}, log: a.Log}
}

// until tries op until it succeeds. It gives up when ctx ends, returning why,
// and when op's error was made by backoff.Permanent, returning that error.
func (t *tries) until(ctx context.Context, op func() error) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		return struct{}{}, t.heed(op())
	},
		backoff.WithBackOff(t.pause),
		backoff.WithMaxElapsedTime(0), // as long as it takes
		backoff.WithNotify(t.failed))
	if err == nil {
		t.succeeded()
	}
	return err
}

// heed makes the back-off wait as long as a refusal asks for, and up to a quarter longer:
// agents that are refused together do not come back together.
func (t *tries) heed(err error) error {
	var p *api.Problem
	if errors.As(err, &p) && p.RetryAfter > 0 {
		wait := min(p.RetryAfter, maxRetryAfter)
		wait += time.Duration(t.pause.random() * float64(wait/4))
		return fmt.Errorf("%w (%w)", err, backoff.RetryAfter(int(wait.Seconds())))
	}
	return err
}

// failed says why a try failed, once for each cause.
func (t *tries) failed(err error, next time.Duration) {
	if why := cause(err); why != t.told {
		t.told = why
		t.log.Warn("cannot "+t.what+"; trying on", "error", err, "next_try_in", next.Round(time.Millisecond).String())
	}
}

// succeeded says that a trouble is over, if there was one.
func (t *tries) succeeded() {
	if t.told != "" {
		t.log.Info("again able to " + t.what)
	}
	t.forget()
}

// forget makes the next failure a new trouble: told, and followed by a short
// pause.
func (t *tries) forget() {
	t.told = ""
	t.pause.Reset()
}

// cause is the part of an error that stays the same from try to try: the
// innermost error, without the port numbers that come around it.
func cause(err error) string {
	var p *api.Problem
	if errors.As(err, &p) {
		return p.Error()
	}
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}
