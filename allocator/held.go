package allocator

import (
	"context"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// SeatOf finds the seat that a browser holds. NotFound when it holds none, with what became
// of the one that it held before.
func (s *Service) SeatOf(ctx context.Context, token string) (Seat, error) {
	if token == "" {
		return Seat{}, NoSeat()
	}
	seat, err := s.Store.SeatByToken(ctx, SecretSum(token))
	return seat, s.becameOf(ctx, token, err)
}

// HeldSeat finds the seat with an id that a browser holds; "" is the one that it used
// last. NotFound when it does not hold it, as SeatOf.
func (s *Service) HeldSeat(ctx context.Context, token, id string) (Seat, error) {
	if token == "" || id == "" {
		return s.SeatOf(ctx, token)
	}
	seat, err := s.Store.HeldSeat(ctx, SecretSum(token), id)
	return seat, s.becameOf(ctx, token, err)
}

// NoSeat is what a browser is told that holds none.
func NoSeat() error {
	return api.Problemf(api.NotFound, "You have no seat here", "Open the link that your instructor gave you.")
}

// becameOf says, where a browser holds no seat any more, what became of it and of the work.
func (s *Service) becameOf(ctx context.Context, token string, err error) error {
	if api.CodeOf(err) != api.NotFound {
		return err
	}
	seat, w, err := s.former(ctx, token)
	if err != nil {
		return err
	}
	work := s.becameOfWork(w, seat)
	if w.State == Ended {
		return api.Problemf(api.NotFound, "The workshop has ended", "%s is over.%s Ask your instructor whether there is another workshop.", w.Name, work)
	}
	return api.Problemf(api.NotFound, "Your seat was given back", "%s: %s.%s Open the link that your instructor gave you to ask for another one.", w.Name, forParticipant(seat.ReleasedBecause), work)
}

// former is the seat that a browser held before, and its workshop.
func (s *Service) former(ctx context.Context, token string) (seat PastSeat, w Workshop, err error) {
	if seat, err = s.Store.FormerSeat(ctx, SecretSum(token)); err == nil {
		w, err = s.Store.Workshop(ctx, seat.WorkshopID)
	}
	return seat, w, err
}

// becameOfWork says what is left of what the participant made; nothing of one who had no
// machine.
func (s *Service) becameOfWork(w Workshop, seat PastSeat) string {
	switch {
	case seat.AssignedAt.IsZero():
		return ""
	case s.Work == nil || len(w.Collect) == 0:
		return " Nothing was collected from your machine: what you did not save elsewhere is lost."
	}
	return " The files that this workshop collects go to your instructor, if your machine could still be asked for them: ask there for yours. What else you did not save elsewhere is lost."
}

// Why a seat was released, as the history of its workshop has it.
const (
	leftIt     = "its participant left"
	releasedBy = "it was released by " // and who of the staff
)

// forParticipant is why a seat was released, as its participant is told. They do not know staff
// by the names of their accounts.
func forParticipant(why string) string {
	switch {
	case why == leftIt:
		return "you left"
	case strings.HasPrefix(why, releasedBy):
		return "your instructor gave it back"
	}
	return why
}

// What the staff did to a machine or a seat, before who of them it was.
const (
	endedBy    = "it was ended by "
	drainedBy  = "it was drained by "
	replacedBy = "it is replaced by "
	rebootedBy = "it is rebooted by "
	movedBy    = "you were moved by "
)

var doneBy = []string{endedBy, drainedBy, replacedBy, rebootedBy, movedBy}

// Told is what became of the machine that a seat had, as its participant is told.
func (s Seat) Told() string {
	for _, begins := range doneBy {
		if strings.HasPrefix(s.Note, begins) {
			return begins + "your instructor"
		}
	}
	return s.Note
}

// JoinedBy is the code of the workshop in which a browser held a seat before; "" where it held
// none, and where that has ended.
func (s *Service) JoinedBy(ctx context.Context, token string) string {
	_, w, err := s.former(ctx, token)
	if err != nil || w.State != Open {
		return ""
	}
	return w.JoinCode
}
