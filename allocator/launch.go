package allocator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// A launch waits for capacity to come back, a little longer each time, for as long
// as its machines are wanted.
const (
	betweenAttempts = 15 * time.Second
	longestWait     = 2 * time.Minute
)

func waitAfter(attempt int) time.Duration {
	return min(time.Duration(attempt)*betweenAttempts, longestWait)
}

func (s *Service) runLaunch(ctx context.Context, op Operation) error {
	a, ok, err := s.Store.BeginAttempt(ctx, op.ID, s.Now())
	if err != nil {
		return err
	}
	if !ok && op.Failed > 0 {
		return nil // the message says why those failed
	}
	if !ok {
		return s.note(ctx, op, "waiting for the machines to boot")
	}
	repeated := a.Request != ""
	wanted, err := s.wanted(ctx, op)
	if err != nil {
		return err
	}
	if !wanted {
		return s.forgo(ctx, a, repeated)
	}
	if !repeated {
		a.Request, err = s.plan(ctx, op, a)
		if api.CodeOf(err) == api.Invalid {
			return s.giveUp(ctx, op, a, nil, err.Error())
		}
		if err != nil {
			return err
		}
	}
	launched, refusals, err := s.Compute.Launch(ctx, a.Request)
	s.keepRefused(ctx)
	s.metered(func(m Meter) { countRefusals(m, refusals, err) })
	if code := api.CodeOf(err); code == api.Forbidden || code == api.Quota || code == api.Invalid {
		return s.abandon(ctx, op, a, repeated, err.Error())
	}
	if err != nil {
		return fmt.Errorf("launch %d machines: %w", a.Count, err)
	}
	if err := s.Store.EndAttempt(ctx, a, launched, s.Now()); err != nil {
		return err
	}
	if len(launched) > 0 {
		if err := s.granted(ctx, op.WorkshopID); err != nil {
			return err
		}
	}
	if len(launched) >= a.Count {
		return s.Store.Note(ctx, op.ID, Running, "waiting for the machines to boot")
	}
	why := Refusals(refusals)
	if err := s.Store.Note(ctx, op.ID, Running, why); err != nil {
		return err
	}
	return &Later{After: waitAfter(a.Number), Why: why}
}

// plan says what an attempt asks EC2 for, and keeps it.
func (s *Service) plan(ctx context.Context, op Operation, a Attempt) (string, error) {
	w, err := s.Store.Workshop(ctx, op.WorkshopID)
	if err != nil {
		return "", err
	}
	kinds, err := s.kindsOf(w)
	if err != nil {
		return "", err
	}
	if a.Request, err = s.Compute.Plan(w.Pool, w.ID, a.Count, a.Token(), kinds); err != nil {
		return "", err
	}
	if err := s.Store.Note(ctx, op.ID, Running, "asking for "+Counted(a.Count, "machine")); err != nil {
		return "", err
	}
	return a.Request, s.Store.KeepRequest(ctx, a)
}

// Refusals says in a sentence why not all machines could be had.
func Refusals(all []Refusal) string {
	var parts []string
	for _, r := range all {
		part := r.Why
		if r.Type != "" {
			part = r.Type + " in " + r.Where + ": " + part
		}
		if r.Spot {
			part = "spot " + part
		}
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "AWS gave fewer machines than were asked for and did not say why; asking again"
	}
	return "waiting for machines: " + strings.Join(parts, "; ")
}
