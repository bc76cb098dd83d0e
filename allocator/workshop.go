package allocator

import (
	"maps"
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// WorkshopState is whether a workshop goes on.
type WorkshopState string

// A workshop is open, also before it begins, until its end or until somebody ends
// it.
const (
	Open  WorkshopState = "open"
	Ended WorkshopState = "ended"
)

// Workshop is a group of seats behind one join code.
type Workshop struct {
	ID       string
	Name     string
	Pool     string
	Seats    int // how many people may hold a machine at once
	Warm     int // how many machines are ready at the start; more come with the people
	Spares   int // how many more than that are kept ready, for machines that fail
	JoinCode string
	State    WorkshopState
	// StartsAt is when seats are given; who comes before waits.
	StartsAt time.Time
	// EndsAt is when it ends by itself; zero: when somebody ends it.
	EndsAt time.Time
	// WarmUp is how long before the start its machines are launched.
	WarmUp time.Duration
	// SessionLimit is how long a participant may keep a machine at a time; 0: until
	// the workshop ends.
	SessionLimit time.Duration
	// IdleLimit is how long a participant may do nothing; 0: as long as they like.
	IdleLimit time.Duration
	// Collect are the patterns of files that are kept when a participant leaves.
	Collect []string
	// ScheduleID is the schedule that opened it, or "".
	ScheduleID string
	// Invited says that only those on its roster may join.
	Invited bool
	// Previews lets staff see small pictures of the desktops of those who were told.
	Previews bool
	// Trouble is why machines cannot be launched, for people, and LaunchAfter when
	// that is tried again; "" and zero while all is well.
	Trouble     string
	LaunchAfter time.Time
	// LaunchFailures counts how often EC2 refused machines, or gave some that failed
	// before they were ready, since the last one became ready.
	LaunchFailures int
	// BudgetUSD is what its machines may cost; 0: there is no such limit. CappedAt is since
	// when that, or the deployment's budget, is used up; zero while it is not.
	BudgetUSD float64
	CappedAt  time.Time
	// Withheld says that it gives no machines for that, but those of people's own.
	Withheld  bool
	CreatedAt time.Time
	EndedAt   time.Time // zero while it is open
	// Version counts its changes: one is made of the workshop as it was seen.
	Version int
}

// LaunchesAt is when its machines are launched.
func (w Workshop) LaunchesAt() time.Time { return w.StartsAt.Add(-w.WarmUp) }

// SeatState is whether a participant holds a machine.
type SeatState string

// A seat waits for a machine, has one, and is released when its participant leaves
// or its time is over. It waits again when its machine fails.
const (
	SeatQueued   SeatState = "queued"
	SeatAssigned SeatState = "assigned"
	SeatReleased SeatState = "released"
)

// seatTransitions are all the ways there are. A seat that is moved stays assigned.
var seatTransitions = map[SeatState][]SeatState{
	SeatQueued:   {SeatAssigned, SeatReleased},
	SeatAssigned: {SeatQueued, SeatReleased},
	SeatReleased: {},
}

// CanBecome reports whether a seat in state s may go to next.
func (s SeatState) CanBecome(next SeatState) bool { return slices.Contains(seatTransitions[s], next) }

// Before are the states from which a seat may become s.
func (s SeatState) Before() []SeatState {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(seatTransitions)), func(from SeatState) bool { return !from.CanBecome(s) })
}

// Seat is a participant's hold on a workshop, and on a machine of it.
type Seat struct {
	ID         string
	WorkshopID string
	Workshop   string // its name
	// Previews says that staff sees small pictures of the workshop's desktops, and
	// PreviewsTold that the participant was told of it since that was turned on last.
	Previews, PreviewsTold bool
	Email                  string
	State                  SeatState
	MachineID              string // "" while it waits
	// Position is the place in the queue, from 1; 0 when it does not wait.
	Position int
	// Note tells staff what became of the machine that the participant had, and Lost the
	// participant; or "". See LostBy.
	Note string
	Lost Loss
	// Message is what staff, or the allocator, tells the participant, and MessageAt when
	// that was.
	Message    string
	MessageAt  time.Time
	PIN        [32]byte  // its sum
	ClaimedAt  time.Time // when its participant asked first, by which the queue is in order
	AssignedAt time.Time // when it got its machine; zero while it waits
	// EndsAt is when the machine is given back; zero: when the workshop ends.
	EndsAt time.Time
	// IdleEndsAt is when the machine is given back if its participant does nothing
	// until then; zero: they may, or nobody knows whether they do something.
	IdleEndsAt time.Time
	// WorkshopEndsAt is when that is; zero: when somebody ends it.
	WorkshopEndsAt time.Time
	// CappedAt is since when a budget of the workshop is used up; zero while none is.
	// Withheld says that the workshop gives no machines for that.
	CappedAt time.Time
	Withheld bool
}

// Pool is a kind of machine that this deployment can launch.
type Pool struct {
	Name          string
	InstanceTypes []string // in order of preference
	MaxMachines   int
	MaxHourlyUSD  float64 // what one of its machines may cost an hour; 0: there is no such cap
	Market        string  // how its machines are paid: on-demand, spot or spot-then-on-demand
	// Role is the name of the role that its machines act under.
	Role string
	// Collect are the patterns of files that its workshops keep.
	Collect []string
	// Setup is what its machines are set up with; see Summed.
	Setup api.Setup
}

// SessionLimits are what workshops go by that do not say it for themselves.
type SessionLimits struct {
	Max, Idle time.Duration // 0: none
	Warn      time.Duration // how long before either participants are warned
}
