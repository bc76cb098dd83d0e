package agent

import (
	"context"
	"errors"
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
	// hurry ends a pause with each value, and makes the next one short. Optional.
	hurry <-chan struct{}
}

func (a *Agent) tries(what string) *tries {
	return &tries{what: what, pause: &pause{random: a.Random}, log: a.Log}
}

// until tries op until it succeeds. It gives up when ctx ends, returning why,
// and when op's error was made by backoff.Permanent, returning that error.
func (t *tries) until(ctx context.Context, op func() error) error {
	for {
		err := op()
		var permanent *backoff.PermanentError
		switch {
		case err == nil:
			t.succeeded()
			return nil
		case errors.As(err, &permanent):
			return permanent.Err
		case ctx.Err() != nil:
			return context.Cause(ctx)
		}
		next := t.next(err)
		t.failed(err, next)
		if !t.wait(ctx, next) {
			return context.Cause(ctx)
		}
	}
}

// next is how long to wait after an error: as long as a refusal asks for, and up to a quarter
// longer, as agents that are refused together do not come back together.
func (t *tries) next(err error) time.Duration {
	var p *api.Problem
	if !errors.As(err, &p) || p.RetryAfter <= 0 {
		return t.pause.NextBackOff()
	}
	t.pause.Reset()
	wait := min(p.RetryAfter, maxRetryAfter)
	return wait + time.Duration(t.pause.random()*float64(wait/4))
}

// wait waits for a while, or until there is something that cannot, and reports whether ctx
// goes on.
func (t *tries) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.hurry:
		t.pause.Reset()
		return true
	case <-ctx.Done():
		return false
	}
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
