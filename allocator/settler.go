package allocator

import (
	"context"
	"sync"
)

// settler sees to machines in the background: to many at once, and to each once at a
// time.
type settler struct {
	mu    sync.Mutex
	ctx   context.Context
	stop  context.CancelFunc
	going map[string]*Hold // machines that are seen to; not nil: once more after that, for this hold
	all   sync.WaitGroup
}

// run sees to a machine and who holds it. Where that goes on already it is done once
// more after it: something has changed meanwhile.
func (t *settler) run(machine string, hold Hold, do func(ctx context.Context, hold Hold)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx == nil {
		t.ctx, t.stop = context.WithCancel(context.Background())
		t.going = map[string]*Hold{}
	}
	if t.ctx.Err() != nil {
		return
	}
	if _, on := t.going[machine]; on {
		t.going[machine] = &hold
		return
	}
	t.going[machine] = nil
	t.all.Go(func() {
		for next := &hold; next != nil; next = t.next(machine) {
			do(t.ctx, *next)
		}
	})
}

// next is for whom a machine is seen to once more; nil: it is done.
func (t *settler) next(machine string) *Hold {
	t.mu.Lock()
	defer t.mu.Unlock()
	next := t.going[machine]
	if next == nil || t.ctx.Err() != nil {
		delete(t.going, machine)
		return nil
	}
	t.going[machine] = nil
	return next
}

func (t *settler) wait() { t.all.Wait() }

// close stops what goes on, and waits for it. Nothing is begun after it.
func (t *settler) close() {
	t.mu.Lock()
	if t.ctx == nil {
		t.ctx, t.stop = context.WithCancel(context.Background())
	}
	t.stop()
	t.mu.Unlock()
	t.all.Wait()
}
