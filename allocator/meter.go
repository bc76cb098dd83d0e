package allocator

import (
	"cmp"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Meter counts what happens, for who watches the allocator.
type Meter interface {
	// Claimed counts a claim: its outcome is the state of the seat, or the code of
	// the refusal.
	Claimed(outcome string, took time.Duration)
	// Reported counts a report.
	Reported(health api.Health)
	// Refused counts machines that could not be had somewhere.
	Refused(code api.Code)
}

func (s *Service) metered(count func(Meter)) {
	if s.Meter != nil {
		count(s.Meter)
	}
}

// outcome is what became of a claim, in one of a few words.
func outcome(seat Seat, err error) string {
	if err != nil {
		return string(cmp.Or(api.CodeOf(err), api.Internal))
	}
	return string(seat.State)
}

// countRefusals counts why EC2 did not launch what was asked for.
func countRefusals(m Meter, refusals []Refusal, err error) {
	for _, r := range refusals {
		m.Refused(r.Code)
	}
	if err != nil && len(refusals) == 0 {
		m.Refused(cmp.Or(api.CodeOf(err), api.Internal))
	}
}

// Census is how much there is of everything.
type Census struct {
	Machines   map[MachineKey]int // those that have not ended
	Seats      map[SeatState]int  // those that are not released
	Operations map[OperationKey]int
	// Waiting are the seats that wait in a workshop that has begun, and WaitingSince
	// is since when the first of them does; zero when none does.
	Waiting      int
	WaitingSince time.Time
}

// MachineKey is what machines are counted by.
type MachineKey struct {
	Pool  string
	State MachineState
}

// OperationKey is what operations are counted by.
type OperationKey struct {
	Kind  OperationKind
	State OperationState
}
