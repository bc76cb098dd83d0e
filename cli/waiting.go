package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Waiting says how long to wait until what was begun is done.
type Waiting struct {
	Wait *time.Duration `placeholder:"DURATION" help:"How long to wait until it is done, telling how far it is; 0s: not at all. Left out: at a terminal until it is, elsewhere not at all. Ctrl-C ends the waiting alone."`
}

// waits reports whether to wait.
func (w Waiting) waits(g *Globals) bool {
	if w.Wait == nil {
		return g.Live && !g.JSON
	}
	return *w.Wait > 0
}

// until looks, again and again, whether something is done. aside says how to look at it
// later, and is told where there is no more waiting.
func (w Waiting) until(ctx context.Context, g *Globals, aside string, look func(ctx context.Context, p *progress) (done bool, err error)) error {
	if w.Wait != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, *w.Wait)
		defer cancel()
	}
	p := g.progress()
	defer p.end()
	for {
		done, err := look(ctx, p)
		if err != nil {
			if err = passing(ctx, err); err == nil { // an allocator may be starting anew
				p.note("the allocator does not answer now; it is asked again")
			}
		}
		if err != nil || done {
			return err
		}
		if !g.pause(ctx) {
			return givenUp(ctx, w, p.last, aside)
		}
	}
}

// givenUp says that something goes on which is waited for no longer.
func givenUp(ctx context.Context, w Waiting, last, aside string) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return exit{fmt.Errorf("it is not done after %s (%s), and goes on: %s", *w.Wait, last, aside), exitWrong}
	}
	return exit{fmt.Errorf("it goes on without you: %s", aside), exitInterrupted}
}

// pause waits between two looks.
func (g *Globals) pause(ctx context.Context) bool {
	if g.Pause != nil {
		return g.Pause(ctx)
	}
	return pause(ctx)
}

// operate starts an operation and says which.
func (g *Globals) operate(ctx context.Context, w Waiting, path string) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	return g.operation(ctx, client, w, http.MethodPost, path)
}

// operateMachine does something to a machine.
func (g *Globals) operateMachine(ctx context.Context, w Waiting, machine, what string) error {
	client, err := g.staff(ctx)
	if err != nil {
		return err
	}
	id, err := machineOf(ctx, client, machine)
	if err != nil {
		return err
	}
	return g.operation(ctx, client, w, http.MethodPost, pathOf(id, what))
}

// operation starts an operation as somebody who is logged in, and waits for it where that
// is wanted.
func (g *Globals) operation(ctx context.Context, client *api.Client, w Waiting, method, path string) error {
	var op api.Operation
	if err := client.Do(ctx, method, path, nil, &op); err != nil {
		return err
	}
	waits := w.waits(g)
	if !g.JSON || !waits {
		if err := g.show(op, [][]string{{"OPERATION", "STATE"}, {op.ID, op.State}}); err != nil || !waits {
			return err
		}
	}
	err := w.until(ctx, g, "lablink operations --workshop "+op.Workshop+" shows how far "+op.ID+" is", func(ctx context.Context, p *progress) (bool, error) {
		if err := g.lookAt(ctx, client, &op); err != nil {
			return false, err
		}
		p.tell(op.Done, op.Total, op.Message)
		return op.FinishedAt != nil, nil
	})
	if g.JSON {
		err = errors.Join(err, g.show(op, nil))
	}
	if err == nil && op.State != "succeeded" {
		err = fmt.Errorf("the operation %s: %s", op.State, op.Message)
	}
	return err
}

// lookAt looks how an operation is now.
func (g *Globals) lookAt(ctx context.Context, client *api.Client, op *api.Operation) error {
	var page api.Page[api.Operation]
	if err := client.Do(ctx, http.MethodGet, "/api/v1/operations?limit=200&workshop="+url.QueryEscape(op.Workshop), nil, &page); err != nil {
		return err
	}
	for _, one := range page.Items {
		if one.ID == op.ID {
			*op = one
		}
	}
	return nil
}
