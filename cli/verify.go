package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// VerifyCommand says whether the deployment is what the stack says.
type VerifyCommand struct {
	Stack      string        `short:"s" help:"The stack, when it is not the one that pulumi has selected."`
	ConfigFile string        `placeholder:"FILE" help:"The stack's settings, where that is not Pulumi.STACK.yaml."`
	Release    string        `placeholder:"SUM" help:"The SHA-256 of the manifest that must run. With it no stack is asked, and where the name leads is told, not judged."`
	Wait       time.Duration `help:"How long to wait until all is so. What is not so by then has failed. With --seat it is 20m unless it is set."`
	Seat       bool          `help:"Also take a seat, as a participant does: opens a workshop of one machine, waits until that is ready, claims its seat, sees that the machine answers, leaves, and ends both. It COSTS what the machine costs in these minutes, at least a minute of a GPU instance."`
	Workshop   string        `placeholder:"CODE" help:"With --seat: take the seat in this workshop, which is open, by the code of its link. No machine is launched then, and none ended."`
	Pool       string        `help:"With --seat: the kind of machine, where there are several."`
	Ending     time.Duration `default:"10m" help:"With --seat: how long ending what it opened may take (${default}). No interrupt and no --wait cuts that short."`
}

// seatWait is how long a seat may take: most of it is the machine's first boot.
const seatWait = 20 * time.Minute

// Run looks, again and again where it may wait, and takes a seat when all else is
// as it should be.
func (c VerifyCommand) Run(ctx context.Context, g *Globals) error {
	if c.Seat && c.Wait == 0 {
		c.Wait = seatWait
	}
	want, at, err := c.prepare(ctx, g)
	if err != nil {
		return exit{err, exitUnknown}
	}
	end := time.Now().Add(c.Wait)
	v := g.look(ctx, at, want)
	for v.waits() && time.Now().Before(end) && g.pause(ctx) {
		v = g.look(ctx, at, want)
	}
	if c.Seat {
		c.takeSeat(ctx, g, v, end)
	}
	if ctx.Err() != nil {
		v.unknown("interrupted", "it was interrupted before all was seen", "")
		v.final = true
	}
	return g.tell(v, c.Wait)
}

// prepare finds out what must be there, and where. It refuses what cannot work
// before anything is asked.
func (c VerifyCommand) prepare(ctx context.Context, g *Globals) (expected, *url.URL, error) {
	switch {
	case !c.Seat && (c.Workshop != "" || c.Pool != ""):
		return expected{}, nil, errors.New("--workshop and --pool say which seat to take: give --seat, too")
	case c.Workshop != "" && c.Pool != "":
		return expected{}, nil, errors.New("the seat of a workshop is of its kind of machine: leave out --pool")
	case c.Seat && c.Workshop == "" && g.Password == "":
		return expected{}, nil, g.noPassword()
	}
	want, err := c.expect(ctx, g)
	if err != nil {
		return want, nil, err
	}
	if g.URL == "" {
		return want, nil, noAllocator(nil)
	}
	at, err := url.Parse(g.URL)
	if err != nil || at.Hostname() == "" {
		return want, nil, fmt.Errorf("the address %q is not one: it is https://NAME or http://ADDRESS", g.URL)
	}
	return want, at, nil
}

// takeSeat tries out a seat, unless something else is wrong already.
func (c VerifyCommand) takeSeat(ctx context.Context, g *Globals, v *verdict, end time.Time) {
	switch {
	case ctx.Err() != nil:
	case !v.OK:
		v.unknown("seat", "it was not tried, as not all else is as it should be", "")
	default:
		ctx, cancel := context.WithDeadline(ctx, end)
		defer cancel()
		t := &trial{verdict: v, g: g, pool: c.Pool, code: c.Workshop, id: rand.Text()[:8], tidying: c.Ending}
		t.run(ctx)
	}
}

// pause waits between two looks; false: there is none any more.
func pause(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(time.Second):
		return ctx.Err() == nil // both may be so
	}
}
