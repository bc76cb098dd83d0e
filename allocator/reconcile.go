package allocator

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Reconcile makes what there is more like what should be: it opens workshops of
// schedules, ends workshops and seats whose time is over, gives machines to those who
// wait, and starts the operations that launch what is missing and end what has failed.
func (s *Service) Reconcile(ctx context.Context) error {
	var all []error
	situation, err := s.situation(ctx)
	if err != nil {
		return err
	}
	if situation.ClockTrouble == "" {
		opened, err := s.openScheduled(ctx)
		if err != nil {
			all = append(all, err) // the workshops that are open go on
		}
		if opened {
			if situation, err = s.situation(ctx); err != nil {
				return errors.Join(append(all, err)...)
			}
		}
	}
	for _, steps := range together(Plan(situation)) {
		// Somebody else may have been faster: then the next plan sees it.
		if err := s.take(ctx, steps); err != nil && api.CodeOf(err) != api.Conflict && api.CodeOf(err) != api.NotFound {
			all = append(all, fmt.Errorf("workshop %s: %w", steps[0].Workshop.ID, err))
		}
	}
	for _, w := range situation.Workshops {
		if err := s.Store.GiveSeats(ctx, w.ID, s.Now()); err != nil {
			all = append(all, err)
		}
	}
	if situation.ClockTrouble == "" {
		all = append(all, s.endSeats(ctx, situation.Now))
	}
	return errors.Join(all...)
}

func (s *Service) situation(ctx context.Context) (Situation, error) {
	out := Situation{Now: s.Now(), Pools: s.Pools, Boots: map[string]time.Duration{}}
	out.ClockTrouble = s.clockTrouble(ctx) // after the clock was read: it is of that moment or later
	workshops, err := s.Store.OpenWorkshops(ctx)
	if err != nil {
		return Situation{}, err
	}
	machines, err := s.Store.Machines(ctx, "", false)
	if err != nil {
		return Situation{}, err
	}
	for _, p := range s.Pools {
		took, err := s.Store.BootTimes(ctx, p.Name, 20)
		if err != nil {
			return Situation{}, err
		}
		out.Boots[p.Name] = usual(took)
	}
	out.Workshops, out.Machines, out.Limped = workshops, machines, s.limped.lately(out.Now)
	if out.Seats, err = s.Store.LiveSeats(ctx); err != nil {
		return out, err
	}
	return out, s.watchBudget(ctx, &out)
}

// clockTrouble is why the clock cannot be trusted, or "".
func (s *Service) clockTrouble(ctx context.Context) string {
	if s.Clock == nil {
		return ""
	}
	if err := s.Clock(ctx); err != nil {
		return err.Error()
	}
	return ""
}

// take takes a step, or some that end machines of one workshop.
func (s *Service) take(ctx context.Context, steps []Step) error {
	switch step := steps[0]; {
	case step.EndWorkshop:
		_, err := s.endWorkshop(ctx, Allocator, step.Workshop.ID, step.Why)
		return err
	case step.Tell:
		return s.Store.Tell(ctx, step.Workshop.ID, step.Workshop.Trouble, step.Why)
	case step.Reboot != nil:
		_, err := s.reboot(ctx, Allocator, *step.Reboot, step.Why)
		return err
	case step.ends():
		return s.takeEnds(ctx, steps)
	case step.EndMachine != nil:
		return s.leaveOwn(ctx, *step.EndMachine)
	default:
		return s.launch(ctx, step)
	}
}

// launch asks for machines of a workshop and starts the operation that brings them.
func (s *Service) launch(ctx context.Context, step Step) error {
	w, now := step.Workshop, s.Now()
	pool, _ := s.Pool(w.Pool)
	op := NewOperation(Launch, Allocator, w.ID, now)
	op.Total = step.Launch
	machines := make([]Machine, step.Launch)
	for i := range machines {
		machines[i] = Machine{
			ID: newID("mch"), WorkshopID: w.ID, Pool: w.Pool, State: Requested,
			Reason: step.Why, CreatedAt: now, ChangedAt: now,
		}
	}
	if err := s.Store.AddMachines(ctx, machines, op, step.Living, pool.MaxMachines); err != nil {
		return err
	}
	s.start(ctx, op, "launch machines", w.ID, step.Why)
	return nil
}

// endSeats releases the seats whose time is over.
func (s *Service) endSeats(ctx context.Context, now time.Time) error {
	due, err := s.Store.SeatsDue(ctx, now)
	if err != nil {
		return err
	}
	for _, seat := range due {
		why := "its time was over"
		if seat.EndsAt.IsZero() || now.Before(seat.EndsAt) {
			why = "nobody did anything there for too long"
		}
		err := s.Store.EndSeat(ctx, seat.ID, why, now)
		if api.CodeOf(err) == api.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		s.record(ctx, Allocator, "end seat", seat.ID, seat.Email+": "+why)
	}
	return nil
}
