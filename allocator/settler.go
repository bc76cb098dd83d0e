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
	going map[string]*string // machines that are seen to; not nil: once more after that, for this session
	all   sync.WaitGroup
}

// run sees to a machine and its session, which is "" where it is to be looked up. Where
// that goes on already it is done once more after it: something has changed meanwhile.
func (t *settler) run(machine, session string, do func(ctx context.Context, session string)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx == nil {
		t.ctx, t.stop = context.WithCancel(context.Background())
		t.going = map[string]*string{}
	}
	if t.ctx.Err() != nil {
		return
	}
	if _, on := t.going[machine]; on {
		t.going[machine] = &session
		return
	}
	t.going[machine] = nil
	t.all.Go(func() {
		for next := &session; next != nil; next = t.next(machine) {
			do(t.ctx, *next)
		}
	})
}

// next is the session that a machine is seen to for once more; nil: it is done.
func (t *settler) next(machine string) *string {
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
