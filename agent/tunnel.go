package agent

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// steady is how long a tunnel must have been open for its end to be something
// new, and not one more failure of the same trouble.
const steady = 10 * time.Second

// keepTunnel keeps a tunnel open. It ends with ctx, or with the refusal when
// the allocator does not know id.
func (a *Agent) keepTunnel(ctx context.Context, id Identity) error {
	t := a.tries("keep a tunnel to the allocator open")
	return t.until(ctx, func() error {
		tunnel, err := a.Dialer.Dial(ctx, id)
		if unauthorized(err) {
			return backoff.Permanent(err)
		}
		if err != nil {
			return err
		}
		a.Log.Info("the tunnel to the allocator is open")
		opened := a.Now()
		err = tunnel.Serve(ctx)
		if a.Now().Sub(opened) >= steady {
			t.forget()
		}
		return err
	})
}
