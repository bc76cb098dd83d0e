package certificate

import (
	"context"
	"time"

	"github.com/caddyserver/certmagic"
)

// Backoff waits five seconds after the first failure, as a name that was just
// made may not be seen yet, twice as long after each further one, and an hour at
// most.
func Backoff(failures int) time.Duration {
	return min(5*time.Second<<min(failures-1, 10), time.Hour)
}

// Manage gets the certificate in the background, or takes the one that is kept,
// and renews it, until ctx ends or Close.
func (c *Certificate) Manage(ctx context.Context) {
	ctx, c.cancel = context.WithCancel(ctx)
	c.managing.Go(func() { c.manage(ctx) })
}

func (c *Certificate) manage(ctx context.Context) {
	moved, err := setAside(c.Storage, time.Now())
	if err != nil {
		c.Log.Error("what is kept of certificates was not looked through", "error", err)
	}
	if len(moved) > 0 {
		c.Log.Warn("damaged files of certificates were set aside, and are replaced", "folder", c.Storage, "moved", moved)
	}
	failures := 0 // with some, the trial authority is asked first
	ctx = context.WithValue(ctx, certmagic.AttemptsCtxKey, &failures)
	for {
		err := c.config.ManageSync(ctx, []string{c.Domain})
		if err == nil || ctx.Err() != nil || c.usable() { // one that is still good is renewed by and by
			return
		}
		// One that has expired counts as managed, and would not be renewed at once.
		c.cache.RemoveManaged([]certmagic.SubjectIssuer{{Subject: c.Domain}})
		failures++
		c.fail(err)
		wait := c.Wait(failures)
		c.Log.Warn("there is no certificate yet", "domain", c.Domain, "do", c.advice(err), "again_in", wait, "error", err)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func (c *Certificate) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.failed = err
}

// heard keeps why a renewal failed, for Check to say when the certificate has
// expired meanwhile.
func (c *Certificate) heard(_ context.Context, event string, data map[string]any) error {
	switch event {
	case "cert_failed":
		if err, ok := data["error"].(error); ok && data["renewal"] == true {
			c.fail(err)
			c.Log.Warn("the certificate was not renewed", "domain", c.Domain, "do", c.advice(err), "error", err)
		}
	case "cert_obtained":
		c.fail(nil)
		c.Log.Info("there is a new certificate", "domain", c.Domain, "renewal", data["renewal"])
	}
	return nil
}
