package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// email is who takes the seat. No mail can be sent there.
func (t *trial) email() string { return "verify-" + strings.ToLower(t.id) + "@lablink.invalid" }

// claim claims the seat as a participant's browser does, in one of its own: the
// page of the link first, which gives the browser what shows whose seat it is.
func (t *trial) claim(ctx context.Context) (err error) {
	if t.person, err = t.g.browser(); err != nil {
		return err
	}
	if err := t.person.Do(ctx, http.MethodGet, "/join/"+url.PathEscape(t.code), nil, nil); err != nil {
		return fmt.Errorf("open the link of the workshop %s: %w", t.code, err)
	}
	t.claimed = true // from here on there may be a seat to give back
	started := time.Now()
	var away error // why nothing was heard of the queue at last
	for {
		err = t.person.Do(ctx, http.MethodPost, "/api/v1/seats", api.Claim{Code: t.code, Email: t.email()}, &t.seat)
		if t.seat.State == "queued" {
			if ctx.Err() == nil {
				away = err
			}
			err = passing(ctx, err)
		}
		if err != nil || t.seat.State != "queued" || !t.g.pause(ctx) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("claim a seat: %w", err)
	}
	if t.seat.State == "queued" {
		err = fmt.Errorf("claim a seat: no machine is free after %s; it is number %d in the queue", since(started), t.seat.Position)
		if away != nil {
			err = fmt.Errorf("%w, as far as was heard: %w", err, away)
		}
		return err
	}
	t.good("seat", "%s on %s, after %s", t.seat.ID, t.seat.Machine, since(started))
	if err := t.person.Do(ctx, http.MethodGet, "/seat", nil, nil); err != nil {
		return fmt.Errorf("open the page of the seat: %w", err)
	}
	return nil
}

// see waits until the machine says through its tunnel how it is.
func (t *trial) see(ctx context.Context) error {
	started := time.Now()
	live := api.Live{Detail: "nothing was heard of the machine"}
	for {
		err := t.person.WatchSeat(ctx, func(l api.Live) bool {
			live = l
			return !l.Reachable
		})
		if err == nil {
			break
		}
		if err := passing(ctx, err); err != nil {
			return err
		}
		if !t.g.pause(ctx) {
			return fmt.Errorf("the machine does not answer through its tunnel, after %s: %s", since(started), live.Detail)
		}
	}
	if s := live.Status; s.Health != api.Healthy {
		return fmt.Errorf("the machine answers through its tunnel, and is %s: %s", s.Health, s.Reason)
	}
	t.good("tunnel", "the machine answers with %s, after %s", gpus(live.Status.Inventory), since(started))
	return nil
}

// gpus are the GPUs of a machine, or why there are none.
func gpus(i api.Inventory) string {
	var models []string
	for _, g := range i.GPUs {
		models = append(models, g.Model)
	}
	if len(models) == 0 {
		return "no GPU (" + i.Note + ")"
	}
	return strings.Join(models, ", ")
}

// leave gives the seat back.
func (t *trial) leave(ctx context.Context) error {
	if err := t.person.Do(ctx, http.MethodDelete, "/api/v1/seats/current", nil, nil); err != nil {
		return fmt.Errorf("leave the seat: %w", err)
	}
	t.claimed = false
	t.good("leaving", "the seat is given back")
	return nil
}
