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
	going map[string]bool // machines that are seen to; true: once more after that
	all   sync.WaitGroup
}

// run sees to a machine. Where that goes on already it is done once more after it:
// something may have changed meanwhile.
func (t *settler) run(machine string, do func(context.Context)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx == nil {
		t.ctx, t.stop = context.WithCancel(context.Background())
		t.going = map[string]bool{}
	}
	if t.ctx.Err() != nil {
		return
	}
	if _, on := t.going[machine]; on {
		t.going[machine] = true
		return
	}
	t.going[machine] = false
	t.all.Go(func() {
		for again := true; again; again = t.again(machine) {
			do(t.ctx)
		}
	})
}

func (t *settler) again(machine string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	again := t.going[machine] && t.ctx.Err() == nil
	if again {
		t.going[machine] = false
	} else {
		delete(t.going, machine)
	}
	return again
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
