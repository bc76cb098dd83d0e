package gpu

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ear is one listening to the GPUs.
type ear struct {
	events Events
	// stop ends the waiting, which holds mu.
	ctx    context.Context //nolint:containedctx // it is the ear's life, not a call's
	stop   context.CancelFunc
	mu     sync.Mutex
	closed bool
	failed atomic.Bool
}

// Watch waits for what the GPUs tell by themselves, until ctx ends. A look says when
// there is something to wait for.
func (g *GPUs) Watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case e := <-g.ears:
			waited := make(chan struct{})
			go func() {
				defer close(waited)
				e.wait(ctx, g.told)
			}()
			select {
			case <-waited:
			case <-ctx.Done():
				parting(waited)
				return
			}
		}
	}
}

// parting waits for what ends soon, unless the driver does not answer.
func parting(ended <-chan struct{}) {
	timer := time.NewTimer(farewell)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
}

// News receives a value after an event that says something new: it is time for a look.
func (g *GPUs) News() <-chan struct{} { return g.news }

// told takes an event.
func (g *GPUs) told(e Event) {
	if g.faults.add(e, g.now()) {
		g.Hurry()
		g.rouse()
	}
}

// rouse says that it is time for a look.
func (g *GPUs) rouse() {
	select {
	case g.news <- struct{}{}:
	default: // somebody is about to look
	}
}

// wait waits for events until ctx ends, nobody wants them any more, or none come.
func (e *ear) wait(ctx context.Context, told func(Event)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(e.ctx, stop)() //nolint:contextcheck // the ear has a life of its own
	for {
		event, err := e.events.Next(ctx)
		if err != nil {
			e.failed.Store(ctx.Err() == nil)
			return
		}
		told(event)
	}
}

// close ends the waiting and gives the events back.
func (e *ear) close() error {
	e.stop()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.closed = true
	return e.events.Close()
}

// listen begins to listen to the GPUs, where nobody does, or there are others.
func (g *GPUs) listen(devices []Device) {
	var names []string
	for _, d := range devices {
		uuid, _ := d.UUID() // one without a name is listened to as well
		names = append(names, uuid)
	}
	who := strings.Join(names, " ")
	if who == g.heard && (g.ear == nil || !g.ear.failed.Load()) {
		return
	}
	g.deafen()
	if len(devices) == 0 {
		return
	}
	events, err := g.nvml.Events(devices)
	if err != nil {
		g.trouble("the GPUs' events are not listened to, so XIDs are not known", err)
		if errors.Is(err, ErrNotSupported) {
			g.heard = who // they need not be asked again
		}
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	g.heard, g.ear = who, &ear{events: events, ctx: ctx, stop: stop}
	select {
	case <-g.ears: // nobody waits for the one before
	default:
	}
	g.ears <- g.ear
}

// deafen ends the listening.
func (g *GPUs) deafen() {
	g.heard = ""
	if g.ear == nil {
		return
	}
	if err := g.ear.close(); err != nil {
		g.trouble("the listening to the GPUs did not end well", err)
	}
	g.ear = nil
}
