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
// the allocator does not know id. Where the allocator asks for another tunnel, the one
// that there is goes on beside it until the allocator ends it.
func (a *Agent) keepTunnel(ctx context.Context, id Identity) error {
	t := a.tries("keep a tunnel to the allocator open")
	var serving sync.WaitGroup
	defer serving.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	return t.until(ctx, func() error {
		tunnel, err := a.Dialer.Dial(ctx, id)
		if unauthorized(err) {
			return backoff.Permanent(err)
		}
		if err != nil {
			return err
		}
		a.Log.Info("the tunnel to the allocator is open")
		a.talked(&a.talks.open)
		opened := a.Now()
		ended := make(chan error, 1)
		serving.Go(func() { ended <- tunnel.Serve(ctx) })
		select {
		case err = <-ended:
		case <-tunnel.Moving():
			err = errMoving
		}
		if a.Now().Sub(opened) >= steady {
			t.forget()
		}
		return err
	})
}
