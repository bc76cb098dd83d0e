package agent

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// steady is how long a tunnel must have been open for its end to be something
// new, and not one more failure of the same trouble.
const steady = 10 * time.Second

// errMoving is why another tunnel is opened beside one that goes on.
var errMoving = errors.New("the allocator is about to stop and asked for another tunnel")

// keepTunnel keeps a tunnel open. It ends with ctx, or with the refusal when
// the allocator does not know id. Where the allocator asks for another tunnel, that is no
// trouble, and the one that there is goes on beside it until the allocator ends it.
func (a *Agent) keepTunnel(ctx context.Context, id Identity) error {
	t := a.tries("keep a tunnel to the allocator open")
	var serving sync.WaitGroup
	defer serving.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	return t.until(ctx, func() error {
		for {
			open, err := a.serveTunnel(ctx, id, &serving)
			moving := errors.Is(err, errMoving)
			if moving || open >= steady {
				t.forget()
			}
			if !moving {
				return err
			}
			a.Log.Info("another tunnel is opened", "because", err)
			if !t.wait(ctx, t.pause.NextBackOff()) {
				return context.Cause(ctx)
			}
		}
	})
}

// serveTunnel opens a tunnel, and returns for how long it was open, and why it is to be
// followed by another.
func (a *Agent) serveTunnel(ctx context.Context, id Identity, serving *sync.WaitGroup) (open time.Duration, err error) {
	tunnel, err := a.Dialer.Dial(ctx, id)
	if unauthorized(err) {
		return 0, backoff.Permanent(err)
	}
	if err != nil {
		return 0, err
	}
	a.Log.Info("the tunnel to the allocator is open")
	a.talked(&a.talks.open)
	opened, ended := a.Now(), make(chan error, 1)
	serving.Go(func() { ended <- tunnel.Serve(ctx) })
	select {
	case err = <-ended:
	case <-tunnel.Moving():
		err = errMoving
	}
	return a.Now().Sub(opened), err
}
