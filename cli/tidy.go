package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// tidy takes away what the trial made, also when it was interrupted or its time was
// over, and says when it could not. A workshop that ends takes its seat along.
func (t *trial) tidy(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), t.tidying)
	defer cancel()
	switch {
	case t.own():
		t.end(ctx)
	case t.claimed:
		t.giveBack(ctx)
	}
}

// giveBack gives back a seat that was not left.
func (t *trial) giveBack(ctx context.Context) {
	for {
		err := t.person.Do(ctx, http.MethodDelete, "/api/v1/seats/current", nil, nil)
		if err == nil || api.CodeOf(err) == api.NotFound {
			return
		}
		if !t.g.pause(ctx) {
			t.wrong("leaving", fmt.Sprintf("a seat of the workshop %s may still be held by %s: %s", t.code, t.email(), err),
				"lablink machines shows whose machine that is, and lablink terminate ends it")
			return
		}
	}
}

// refused reports whether an answer says that nothing was done. That of a proxy that
// waits no longer does not, nor does that of an allocator that failed.
func refused(err error) bool {
	var p *api.Problem
	return errors.As(err, &p) && p.HTTP >= 400 && p.HTTP < 500
}

// appearing is how long it is looked for a workshop whose opening was not answered:
// the allocator may be about to carry it out.
const appearing = time.Minute

// end ends the workshop and waits until its machine has ended.
func (t *trial) end(ctx context.Context) {
	t.g.note("Ending the workshop and its machine")
	started := time.Now()
	known := "" // what was there when that was known last
	for {
		left, err := t.left(ctx)
		if err == nil && left == "" {
			t.good("ending", "the workshop has ended, and its machine with it (%s), after %s", orNone(t.machine.Instance), since(started))
			return
		}
		known = cmp.Or(left, known)
		unseen := err == nil && !t.seen
		if unseen && time.Since(started) >= appearing || !t.g.pause(ctx) {
			t.stays(known, err, unseen, since(started))
			return
		}
	}
}

// stays tells what was not taken away.
func (t *trial) stays(left string, err error, unseen bool, took time.Duration) {
	if unseen {
		t.unknown("ending", fmt.Sprintf("%s within %s: what came of its opening is not known, and it MAY COST", left, took),
			"look at lablink workshops in some minutes; if it is there, end it: lablink end ID")
		return
	}
	if t.seen { // else it tells only that there was none before
		err = errors.Join(errors.New(left), err)
	}
	t.wrong("ending", fmt.Sprintf("what was opened could not be taken away within %s, and MAY STILL COST: %s", t.tidying, err),
		fmt.Sprintf("lablink end %s, look at lablink machines --workshop %[1]s, and at the instance %s in AWS's console", orNone(t.workshop.ID), orNone(t.machine.Instance)))
}

func orNone(id string) string {
	if id == "" {
		return "none is known"
	}
	return id
}

// left ends the trial's workshop, found by its name, as the answer to its opening may
// have been lost, and says what is there yet, as far as that is known.
func (t *trial) left(ctx context.Context) (string, error) {
	all, err := allWorkshops(ctx, t.staff)
	if err != nil {
		return "", fmt.Errorf("its workshops are not known: %w", err)
	}
	for _, w := range all {
		if w.Name != t.name() {
			continue
		}
		t.workshop, t.seen = w, true
		if w.State == "open" {
			if err := t.staff.Do(ctx, http.MethodDelete, "/api/v1/workshops/"+url.PathEscape(w.ID), nil, nil); err != nil {
				return "the workshop " + w.ID + " is open", err
			}
		}
		var machines api.Page[api.Machine]
		if err := t.staff.Do(ctx, http.MethodGet, "/api/v1/machines?workshop="+url.QueryEscape(w.ID), nil, &machines); err != nil {
			return "the machines of " + w.ID + " are not known", err
		}
		for _, m := range machines.Items {
			t.machine = m
			return fmt.Sprintf("the machine %s (%s) is %s: %s", m.ID, orNone(m.Instance), m.State, m.Reason), nil
		}
	}
	if !t.seen {
		return "no workshop " + t.name() + " was seen", nil
	}
	return "", nil
}
