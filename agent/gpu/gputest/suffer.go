package gputest

import (
	"context"
	"sync"
	"testing"

	"github.com/talmolab/lablink-infrastructure/agent/inject"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Looker looks at GPUs and waits for what they tell. An *agent.Machine is one.
type Looker interface {
	Status() api.Status
	Watch(ctx context.Context)
	News() <-chan struct{}
}

// Watch waits for what GPUs tell until the test ends.
func Watch(t *testing.T, m Looker) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { m.Watch(ctx) })
	t.Cleanup(func() { stop(); watching.Wait() })
	m.Status()
}

// Begin watches a machine as Watch does, with the faults of a case where they are older.
// They are taken away when the test ends.
func Begin(t *testing.T, i *inject.Injector, m Looker, c Case) {
	t.Helper()
	if c.First {
		apply(t, i, c)
	}
	Watch(t, m)
	t.Cleanup(func() {
		if err := i.Apply(inject.Order{Fault: "clear"}); err != nil {
			t.Error(err)
		}
	})
}

func apply(t *testing.T, i *inject.Injector, c Case) {
	t.Helper()
	for _, order := range c.Inject {
		if err := i.Apply(order); err != nil {
			t.Fatal(err)
		}
	}
}

// Suffer injects the faults of a case into a machine that is watched, and waits until
// its agent has heard of those that are events.
func Suffer(t *testing.T, i *inject.Injector, m Looker, c Case) {
	t.Helper()
	if c.First {
		return // it was so from the begin
	}
	apply(t, i, c)
	for _, order := range c.Inject {
		if order.Fault == "xid" || order.Fault == "ecc" {
			<-m.News()
		}
	}
}
