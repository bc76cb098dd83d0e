package allocator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// What an instructor does by hand to a seat, or to a machine.

// MoveSeat gives a participant another machine. What they made on the one before is
// collected. NotFound when the seat has no machine; Capacity when no other is ready.
func (s *Service) MoveSeat(ctx context.Context, by, id string) (Seat, error) {
	if err := s.Store.MoveSeat(ctx, id, movedBy+by, s.Now()); err != nil {
		return Seat{}, err
	}
	seat, err := s.Store.Seat(ctx, id)
	s.follow(ctx, by, "move seat", id, seat.Email+" to "+seat.where())
	return seat, err
}

// MessageSeat tells a participant something, on their page; "" takes it away.
func (s *Service) MessageSeat(ctx context.Context, by, id, text string) error {
	text = strings.TrimSpace(text)
	if err := s.Store.KeepMessage(ctx, id, text, s.Now()); err != nil {
		return err
	}
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, "message seat", id, text)
	return nil
}

// LengthenSeat lets a seat end later by minutes, also where others wait, at most until
// its workshop ends. Who seemed to be away counts as there. Shown is when it ended as who
// asks saw it, or zero: what is asked twice is done once. Conflict for a seat whose time has
// no end, and for one that ends at another time by now.
func (s *Service) LengthenSeat(ctx context.Context, by, id string, shown time.Time, minutes int) (Seat, error) {
	seat, err := s.Store.Seat(ctx, id)
	if err != nil {
		return seat, err
	}
	if seat.EndsAt.IsZero() && seat.IdleEndsAt.IsZero() {
		return seat, api.Problemf(api.Conflict, "That seat's time has no end", "The machine is theirs until the workshop ends.")
	}
	longer := func(end time.Time) time.Time {
		return Earlier(end.Add(time.Duration(minutes)*time.Minute), seat.WorkshopEndsAt)
	}
	switch ends := Earlier(seat.EndsAt, seat.WorkshopEndsAt); {
	case shown.IsZero() || shown.Equal(ends):
	case longer(shown).Equal(ends):
		return seat, nil
	default:
		return seat, api.Problemf(api.Conflict, "The seat was extended already", "Look again until when it goes on.")
	}
	to := time.Time{}
	if !seat.EndsAt.IsZero() {
		to = longer(seat.EndsAt)
	}
	if err := s.Store.KeepSeat(ctx, id, seat.EndsAt, to, s.Now()); err != nil {
		return seat, err
	}
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, "extend seat", id, fmt.Sprintf("%s: %d minutes", seat.Email, minutes))
	return s.Store.Seat(ctx, id)
}

// DrainMachine ends a machine after what its participant made is collected. They get
// another one.
func (s *Service) DrainMachine(ctx context.Context, by, id string) (Operation, error) {
	m, err := s.Store.Machine(ctx, id)
	if err != nil {
		return Operation{}, err
	}
	op, err := s.endMachine(ctx, by, m, drainedBy+by)
	if err == nil {
		s.reconcileSoon(ctx, "drain machine", id)
	}
	return op, err
}

// ReplaceMachine lets another machine take a machine's place. Who holds it keeps it
// until the other one is ready.
func (s *Service) ReplaceMachine(ctx context.Context, by, id string) (Machine, error) {
	m, err := s.Store.Machine(ctx, id)
	if err != nil {
		return m, err
	}
	if err := s.Store.LeaveMachine(ctx, m, replacedBy+by, s.Now()); err != nil {
		return m, err
	}
	s.follow(ctx, by, "replace machine", id, m.heldBy("another one takes its place"))
	return s.Store.Machine(ctx, id)
}

// reconcileSoon does at once what a change asks for.
func (s *Service) reconcileSoon(ctx context.Context, action, subject string) {
	ctx, cancel := committed(ctx)
	defer cancel()
	if err := s.Reconcile(ctx); err != nil {
		s.Log.Warn("what a change asks for is seen to at the next look", "action", action, "subject", subject, "error", err)
	}
}
