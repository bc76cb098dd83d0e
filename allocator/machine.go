package allocator

import (
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// MachineState is where a machine is in its life.
type MachineState string

// The states of a machine.
const (
	Requested   MachineState = "requested"   // wanted; no instance yet
	Launching   MachineState = "launching"   // EC2 was asked for an instance
	Booting     MachineState = "booting"     // the instance is there, its agent is not, or sets it up
	Ready       MachineState = "ready"       // may be given to a participant
	Assigned    MachineState = "assigned"    // a participant holds it
	Unhealthy   MachineState = "unhealthy"   // must not be given to anybody
	Rebooting   MachineState = "rebooting"   // it is to boot again, or does
	Draining    MachineState = "draining"    // work is collected before it goes on
	Terminating MachineState = "terminating" // EC2 is to end, or is ending, the instance
	Terminated  MachineState = "terminated"  // gone for good
)

// transitions are all the ways there are.
var transitions = map[MachineState][]MachineState{
	Requested:   {Launching, Terminating, Terminated},
	Launching:   {Booting, Terminating, Terminated},
	Booting:     {Ready, Unhealthy, Rebooting, Terminating, Terminated},
	Ready:       {Assigned, Unhealthy, Rebooting, Draining, Terminating, Terminated},
	Assigned:    {Ready, Unhealthy, Rebooting, Draining, Terminating, Terminated},
	Unhealthy:   {Booting, Ready, Rebooting, Terminating, Terminated},
	Rebooting:   {Booting, Ready, Unhealthy, Terminating, Terminated},
	Draining:    {Ready, Unhealthy, Rebooting, Terminating, Terminated},
	Terminating: {Terminated},
	Terminated:  {},
}

// MachineStates are all states.
func MachineStates() []MachineState {
	return []MachineState{Requested, Launching, Booting, Ready, Assigned, Unhealthy, Rebooting, Draining, Terminating, Terminated}
}

// CanBecome reports whether a machine in state s may go to next.
func (s MachineState) CanBecome(next MachineState) bool {
	return slices.Contains(transitions[s], next)
}

// From are the states from which a machine may become s.
func From(s MachineState) []MachineState {
	var out []MachineState
	for _, from := range MachineStates() {
		if from.CanBecome(s) {
			out = append(out, from)
		}
	}
	return out
}

// Machine is one GPU desktop host.
type Machine struct {
	ID         string
	WorkshopID string
	Pool       string
	State      MachineState
	Reason     string // why it is in this state, for people
	InstanceID string // the EC2 instance; "" before there is one
	Type, Zone string // of the instance
	Spot       bool   // whether AWS may take it back
	AgentID    string // the agent that serves it; "" before it registered
	// AgentReplaceable says that another agent of the instance may take that one's
	// place: after a restore, until either was heard of.
	AgentReplaceable bool
	Inventory        api.Inventory
	// Setup is how its set-up goes, or went; no State before its agent told that.
	Setup api.SetupStatus
	// Says is what its agent said last of itself.
	Says   AgentSays
	Health api.Health // as last reported; "" before the first report
	// HealthReason is what the agent said with it.
	HealthReason string
	// HealthSince is when the health became what it is; zero before the first report.
	HealthSince time.Time
	Connected   bool // whether a tunnel to its agent is up
	CreatedAt   time.Time
	ChangedAt   time.Time // when State last changed
	LaunchedAt  time.Time // when it got its instance; zero before
	ReadyAt     time.Time // when it became ready for the first time; zero before
	SeatID      string    // the live seat on it, or ""
	Email       string    // of who holds that seat, or ""
	HeldSince   time.Time // when they got it; zero while nobody holds it
	BootID      string    // which boot its agent spoke of last
	// HeardAt is when its agent was heard of, within a minute or so; zero: never.
	HeardAt time.Time
	// ActiveAt is when who holds it did something last, as was known at HeardAt; zero:
	// nobody knows.
	ActiveAt time.Time
	// Action is what its agent suggests while it is not well.
	Action api.Action
	// Reboots counts how often it was rebooted in a row, RebootFrom is the boot from
	// which it is being rebooted, and RebootAskedAt when that was asked for last.
	Reboots       int
	RebootFrom    string
	RebootAskedAt time.Time
	// Leaving is why it goes once its participant is somewhere else; "" while it stays.
	Leaving string
	// Number rises with each change of State. Orders to the agent carry it: one that is
	// late is told from what came after it.
	Number int64
	// Noticed says that who holds it was told that AWS may take it back: as of Number. An
	// allocator of a release that knows no numbers raises none; while one serves beside
	// this one, as in an update, it may seem of the next holder that they were told.
	Noticed bool
	// LaunchOpen says that EC2 may be launching an instance for it right now, so
	// that one may still appear.
	LaunchOpen bool
	// JoinToken is the token that it joined with; "" for one that was launched.
	JoinToken string
}

// AgentSays is what an agent says of itself; nothing before its first report.
type AgentSays struct {
	Version string
	Release string             // the one that the machine is at
	Failed  *api.FailedRelease // the one that the machine gave up last; nil for none
	Desktop string             // what participants see of the machine; "" for nothing
}

// Is reports whether that says the same.
func (a AgentSays) Is(b AgentSays) bool {
	same := a.Failed == b.Failed
	if a.Failed != nil && b.Failed != nil {
		same = a.Failed.Release == b.Failed.Release && a.Failed.Reason == b.Failed.Reason && a.Failed.At.Equal(b.Failed.At)
	}
	return same && a.Version == b.Version && a.Release == b.Release && a.Desktop == b.Desktop
}

// Own reports whether it is somebody's own machine, which is never launched nor ended.
func (m Machine) Own() bool { return m.JoinToken != "" }

// Change is one line of a machine's timeline.
type Change struct {
	At       time.Time
	From, To MachineState
	Reason   string
}
