package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// trial is a seat that nobody sits in: what staff and a participant do, one after
// the other, on a machine that is there for this alone.
type trial struct {
	*verdict
	g    *Globals
	pool string // "": the only one
	code string // of the workshop; "": one of its own
	id   string // tells this trial from others

	staff, person *api.Client
	workshop      api.Workshop // its own; zero before it is open
	seen          bool         // the workshop is in the allocator's list
	machine       api.Machine
	doing         string // what its launch waits for
	seat          api.Seat
	claimed       bool // the person may hold the seat

	tidying time.Duration // how long taking away may take
}

// trialName begins the names of workshops of trials.
const trialName = "lablink verify "

func (t *trial) name() string { return trialName + t.id }

// own reports whether the workshop is the trial's.
func (t *trial) own() bool { return t.staff != nil }

// run does one thing after the other until one does not work, and then takes away
// what it made.
func (t *trial) run(ctx context.Context) {
	steps := []struct {
		name string
		do   func(context.Context) error
	}{{"workshop", t.open}, {"machine", t.boot}, {"seat", t.claim}, {"tunnel", t.see}, {"leaving", t.leave}}
	if t.code != "" {
		steps = steps[2:]
	}
	for _, s := range steps {
		if err := s.do(ctx); err != nil {
			t.failed(ctx, s.name, err)
			break
		}
	}
	t.tidy(ctx)
}

// failed says why a step did not work. What was refused for who asked says nothing
// of the deployment, nor does an interrupt, which is told once for all.
func (t *trial) failed(ctx context.Context, step string, err error) {
	t.final = !errors.Is(ctx.Err(), context.DeadlineExceeded)
	var pick *choice
	switch code := api.CodeOf(err); {
	case errors.Is(ctx.Err(), context.Canceled):
	case errors.As(err, &pick), code == api.Unauthorized, code == api.RateLimited:
		t.unknown(step, err.Error(), "")
	default:
		t.wrong(step, err.Error(), "")
	}
}

// open logs in and opens a workshop of one machine. That is not cut short, so that
// it is known what came of it.
func (t *trial) open(ctx context.Context) error {
	staff, err := t.g.staff(ctx)
	if err != nil {
		return err
	}
	all, err := allWorkshops(ctx, staff)
	if err != nil {
		return err
	}
	for _, w := range all {
		if w.State == "open" && strings.HasPrefix(w.Name, trialName) {
			t.add("left over", stateWarning, fmt.Sprintf("the workshop %s (%s) of an earlier trial is open, and its machine may run", w.ID, w.Name),
				"if nobody tries out a seat just now, end it: lablink end "+w.ID)
		}
	}
	pool, err := t.choose(ctx, staff)
	if err != nil {
		return err
	}
	t.staff = staff // from here on something may be there to take away
	t.g.note("Opening a workshop of one machine of the kind %s, called %s", pool, t.name())
	started := time.Now()
	err = staff.Do(context.WithoutCancel(ctx), http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: t.name(), Pool: pool, Seats: 1}, &t.workshop)
	if err != nil {
		if refused(err) {
			t.staff = nil // there is nothing to take away
		}
		return fmt.Errorf("open a workshop: %w", err)
	}
	t.code = t.workshop.JoinCode
	t.good("workshop", "%s is open, after %s", t.workshop.ID, since(started))
	return nil
}

// choice is a choice that only who calls can make.
type choice struct{ error }

// choose finds the kind of machine.
func (t *trial) choose(ctx context.Context, staff *api.Client) (string, error) {
	var pools api.Page[api.Pool]
	if err := staff.Do(ctx, http.MethodGet, "/api/v1/pools", nil, &pools); err != nil {
		return "", err
	}
	var names []string
	for _, p := range pools.Items {
		if p.Name == t.pool {
			return p.Name, nil
		}
		names = append(names, p.Name)
	}
	if t.pool == "" && len(names) == 1 {
		return names[0], nil
	}
	return "", &choice{fmt.Errorf("say with --pool which kind of machine to try: there are %s", strings.Join(names, ", "))}
}

// boot waits until the machine is ready.
func (t *trial) boot(ctx context.Context) error {
	t.g.note("Waiting until its machine is ready; an interrupt (Ctrl-C) ends it")
	started := time.Now()
	for {
		err := t.state(ctx)
		if err != nil || t.machine.State == "ready" {
			if err == nil {
				t.good("machine", "%s (%s, %s in %s) is ready, after %s", t.machine.ID, t.machine.Instance, t.machine.InstanceType, t.machine.Zone, since(started))
			}
			return err
		}
		if !t.g.pause(ctx) {
			return fmt.Errorf("the machine %s (%s) is not ready after %s: it is %s: %s; %s", t.machine.ID, orNone(t.machine.Instance), since(started), t.machine.State, t.machine.Reason, t.doing)
		}
	}
}

// state asks how the machine is. An error: it will never be ready.
func (t *trial) state(ctx context.Context) error {
	q := "?workshop=" + url.QueryEscape(t.workshop.ID)
	var machines api.Page[api.Machine]
	var operations api.Page[api.Operation]
	err := t.staff.Do(ctx, http.MethodGet, "/api/v1/machines"+q+"&ended=true", nil, &machines)
	if err == nil {
		err = t.staff.Do(ctx, http.MethodGet, "/api/v1/operations"+q, nil, &operations)
	}
	if err != nil {
		return passing(ctx, err)
	}
	for _, m := range machines.Items {
		t.machine = m
	}
	for _, op := range operations.Items {
		t.doing = op.Message
		if op.Failed > 0 || op.State == "failed" {
			return fmt.Errorf("no machine could be launched: %s", op.Message)
		}
	}
	if t.machine.State == "terminated" {
		return fmt.Errorf("the machine %s has ended: %s", t.machine.ID, t.machine.Reason)
	}
	return nil
}

// passing lets pass, while there is time, that an allocator does not answer: it may
// be starting anew.
func passing(ctx context.Context, err error) error {
	var refused *api.Problem
	if ctx.Err() == nil && (!errors.As(err, &refused) || refused.Code == api.Unavailable || refused.Code == api.RateLimited) {
		return nil
	}
	if ctx.Err() != nil && refused == nil {
		return nil // the time is over, and what was known last says more
	}
	return err
}

func since(t time.Time) time.Duration { return time.Since(t).Round(10 * time.Millisecond) }
