package allocator

import "time"

// WorkshopState is whether a workshop goes on.
type WorkshopState string

// A workshop is open until somebody ends it.
const (
	Open  WorkshopState = "open"
	Ended WorkshopState = "ended"
)

// Workshop is a group of seats behind one join code.
type Workshop struct {
	ID        string
	Name      string
	Pool      string
	Seats     int
	JoinCode  string
	State     WorkshopState
	CreatedAt time.Time
	EndedAt   time.Time // zero while it is open
}

// SeatState is whether a participant holds a machine.
type SeatState string

// A seat is assigned until its participant leaves, or its machine goes.
const (
	SeatAssigned SeatState = "assigned"
	SeatReleased SeatState = "released"
)

// Seat is a participant's hold on a machine.
type Seat struct {
	ID         string
	WorkshopID string
	Workshop   string // its name
	Email      string
	State      SeatState
	MachineID  string
	PIN        [32]byte // its sum
	ClaimedAt  time.Time
}

// Pool is a kind of machine that this deployment can launch.
type Pool struct {
	Name          string
	InstanceTypes []string // in order of preference
	MaxMachines   int
	// Role is the name of the role that its machines act under.
	Role string
}
