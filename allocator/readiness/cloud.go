package readiness

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// troubled is how long calls of a kind have to fail before it is told.
	troubled = 2 * time.Minute
	// stale is how long after the last failure it is told no more. It is longer than
	// launches pause.
	stale = 20 * time.Minute
)

// Cloud is a Compute that remembers which calls fail. Capacity and quota are no
// trouble of EC2's: the workshop tells of those.
type Cloud struct {
	allocator.Compute
	Now func() time.Time

	mu     sync.Mutex
	failed map[string]failure // by what was asked for
}

type failure struct {
	since, last time.Time
	code        api.Code
}

// meanings say, without what only the log may tell, what is wrong and what to do.
var meanings = map[api.Code]string{
	api.Forbidden:   "it refuses the allocator's role: deploy the stack again, and look at the role's policy",
	api.Unavailable: "it asks to go slower: other programs of the account may ask too often",
	"":              "it does not answer as it should: look at the allocator's log and at the AWS Health Dashboard",
}

// Launch asks EC2 for instances.
func (c *Cloud) Launch(ctx context.Context, request string) ([]allocator.Instance, []allocator.Refusal, error) {
	instances, refusals, err := c.Compute.Launch(ctx, request)
	c.heard("launch machines", err)
	return instances, refusals, err
}

// Instances asks EC2 which instances there are.
func (c *Cloud) Instances(ctx context.Context) ([]allocator.Instance, error) {
	all, err := c.Compute.Instances(ctx)
	c.heard("look at machines", err)
	return all, err
}

// Terminate asks EC2 to end instances.
func (c *Cloud) Terminate(ctx context.Context, ids []string) error {
	err := c.Compute.Terminate(ctx, ids)
	c.heard("end machines", err)
	return err
}

// heard remembers what became of a call.
func (c *Cloud) heard(what string, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	code := api.CodeOf(err)
	if _, told := meanings[code]; err == nil || !told {
		delete(c.failed, what)
		return
	}
	if c.failed == nil {
		c.failed = map[string]failure{}
	}
	f, now := c.failed[what], c.Now()
	if now.Sub(f.last) > stale {
		f.since = now
	}
	f.code, f.last = code, now
	c.failed[what] = f
}

// Check says which calls have failed for minutes.
func (c *Cloud) Check(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, what := range []string{"look at machines", "launch machines", "end machines"} {
		f := c.failed[what]
		if took := f.last.Sub(f.since); took >= troubled && c.Now().Sub(f.last) <= stale {
			return fmt.Errorf("AWS does not let the allocator %s for %d minutes: %s. Desktops go on", what, int(took.Minutes()), meanings[f.code])
		}
	}
	return nil
}
