package gpu

import (
	"context"
	"errors"
	"time"
)

const (
	// patience is how long the driver may take to answer. One that is well takes
	// milliseconds; one whose GPU hangs takes a minute, or for ever.
	patience = 10 * time.Second
	// loads is how long it may take to be loaded: it starts one GPU after the other where
	// nobody else has them open. Nobody waits longer than for any answer meanwhile.
	loads = 45 * time.Second
	// hurries is how long it is waited for while somebody has to be told of something else,
	// and farewell how long when the agent ends.
	hurries  = 500 * time.Millisecond
	farewell = 3 * time.Second
)

// errSilent is why NVML is not given back.
var errSilent = errors.New("the driver does not answer")

// question is one that the driver is asked, and is out until it is answered.
type question struct {
	answered chan struct{}
	late     chan struct{} // closed once nobody waits for it any more
	silent   chan struct{} // closed once it took too long
	urgent   chan struct{} // closed when nobody should wait for it
}

// closed reports whether a channel is.
func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Look asks the GPUs how they are: see Seen. Where the driver does not answer in time, or
// ctx ends, that is what was seen before. What the driver is asked stays out then, and it is
// asked nothing else before it has answered.
func (g *GPUs) Look(ctx context.Context) {
	for {
		q, own := g.put(g.look)
		if !g.await(ctx, q) || own {
			return
		}
	}
}

// put puts a question to the driver, unless one is out: then it is that one.
func (g *GPUs) put(what func()) (q *question, own bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.out != nil {
		return g.out, false
	}
	q = &question{answered: make(chan struct{}), late: make(chan struct{}), silent: make(chan struct{}), urgent: make(chan struct{})}
	g.out = q
	timers := []*time.Timer{time.AfterFunc(patience, func() { g.overdue(q, q.late) })}
	if g.loaded {
		q.silent = q.late
	} else {
		timers = append(timers, time.AfterFunc(loads, func() { g.overdue(q, q.silent) }))
	}
	if g.urgent {
		timers = append(timers, time.AfterFunc(hurries, g.Hurry))
	}
	go func() {
		what()
		for _, t := range timers {
			t.Stop()
		}
		g.answer(q)
	}()
	return q, true
}

// answer makes it known that a question is answered. When nobody waited for that any more,
// it is news.
func (g *GPUs) answer(q *question) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.out = nil
	close(q.answered)
	if closed(q.late) {
		g.rouse()
	}
}

// overdue makes it known that a question takes long, unless it was just answered.
func (g *GPUs) overdue(q *question, known chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.out == q {
		close(known)
		g.rouse()
	}
}

// First waits until something was ever seen, or it is known that the driver does not answer:
// before that nobody can tell how the GPUs are. It does not once somebody has to be told of
// something else, or ctx ends.
func (g *GPUs) First(ctx context.Context) {
	g.mu.Lock()
	known := g.seen.any
	g.mu.Unlock()
	if known {
		return
	}
	q, _ := g.put(g.look)
	select {
	case <-q.answered:
	case <-q.silent:
	case <-q.urgent:
	case <-ctx.Done():
	}
}

// Hurry lets nobody wait for the driver for long before the next answer: somebody has to be
// told of something.
func (g *GPUs) Hurry() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.urgent = true
	if g.out == nil {
		return
	}
	if !closed(g.out.urgent) {
		close(g.out.urgent)
	}
}

// await waits for an answer and reports whether it came. While nothing was ever seen there
// is nothing else to tell, and nothing is urgent.
func (g *GPUs) await(ctx context.Context, q *question) bool {
	urgent := q.urgent
	g.mu.Lock()
	if !g.seen.any {
		urgent = nil
	}
	g.mu.Unlock()
	select {
	case <-q.answered:
		return true
	case <-q.late:
	case <-urgent:
	case <-ctx.Done():
	}
	return false
}

// Close gives NVML back, once no question is out. A later look would load it again. It fails
// where the driver does not answer.
func (g *GPUs) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	var err error
	for {
		q, own := g.put(func() { err = g.release() })
		select {
		case <-q.answered:
			if own {
				return err
			}
		case <-ctx.Done():
			return errSilent
		}
	}
}
