package allocator

import (
	"context"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Store keeps what is true. Every method is one transaction: it happens as a
// whole or not at all. Errors of the domain are *api.Problem; its doc says which.
type Store interface {
	// OpenWorkshop adds a workshop with its roster.
	OpenWorkshop(ctx context.Context, w Workshop, roster []string) error
	// ChangeWorkshop changes what may change of one that is open: Seats, Warm, Spares,
	// EndsAt, SessionLimit, IdleLimit, BudgetUSD, Previews, and with Invited its roster, which stays
	// where it is nil. Where Previews is turned on, all are told of it anew. NotFound; Conflict when it has ended, and when it was changed since
	// it was seen.
	ChangeWorkshop(ctx context.Context, w Workshop, roster []string) error
	// EndWorkshop closes a workshop, releases its seats and adds the operation
	// that ends its machines. NotFound; Conflict when it has ended already.
	EndWorkshop(ctx context.Context, id string, op Operation, reason string) error
	// Roster are the addresses that may join a workshop.
	Roster(ctx context.Context, workshop string) ([]string, error)
	// AddSchedule adds a schedule, Schedules lists those that go on.
	AddSchedule(ctx context.Context, sc Schedule) error
	Schedules(ctx context.Context) ([]Schedule, error)
	// OpenScheduled opens a workshop of a schedule whose Through is after. Conflict
	// when that is another one by now.
	OpenScheduled(ctx context.Context, w Workshop, roster []string, after time.Time) error
	// Miss keeps, likewise, that a workshop could not be opened, and why.
	Miss(ctx context.Context, schedule string, after, begin time.Time, why string) error
	// TroubleSchedule keeps, likewise, why the next workshop cannot be opened now.
	TroubleSchedule(ctx context.Context, schedule string, after time.Time, why string) error
	// EndSchedule ends a schedule. NotFound when it does not go on.
	EndSchedule(ctx context.Context, id string, at time.Time) error
	// Postpone keeps why a workshop's machines cannot be launched and when that is
	// tried again; "" when they can. Conflict when what is kept of that is not as it was
	// seen.
	Postpone(ctx context.Context, seen Workshop, trouble string, failures int, until time.Time) error
	// Tell keeps a workshop's trouble, unless it is not what it was any more. When machines
	// are launched again stays as it is.
	Tell(ctx context.Context, workshop, was, trouble string) error
	// CapWorkshop keeps since when a budget of a workshop is used up; zero: it is not. One
	// that is withheld gives no machines for that, but those of people's own.
	CapWorkshop(ctx context.Context, workshop string, since time.Time, withheld bool) error
	// Spells are how long machines were there: those that were after since, and all of the
	// workshops that are open.
	Spells(ctx context.Context, since time.Time) ([]Spell, error)
	// AddMachines adds machines (requested) of one workshop, and the operation that
	// launches them. Conflict when the workshop has ended or has by now another number
	// of machines than living; Capacity when the pool would hold more than limit.
	AddMachines(ctx context.Context, machines []Machine, op Operation, living, limit int) error
	// TerminateMachine adds the operation that ends a machine; its participant waits
	// for another one. NotFound; Conflict when it is going or gone already, and when it
	// is not as it was seen: somebody may have been given it meanwhile.
	TerminateMachine(ctx context.Context, seen Machine, op Operation, reason string) error
	Workshop(ctx context.Context, id string) (Workshop, error)
	WorkshopByCode(ctx context.Context, code string) (Workshop, error)
	// Workshops lists newest first, at most limit, after the one with id after.
	Workshops(ctx context.Context, after string, limit int) ([]Workshop, error)
	// OpenWorkshops lists those that have not ended, first the one that begins first.
	OpenWorkshops(ctx context.Context) ([]Workshop, error)

	Machine(ctx context.Context, id string) (Machine, error)
	// Machines lists by age; workshop "" means all, and ended ones are left out
	// unless ended is set.
	Machines(ctx context.Context, workshop string, ended bool) ([]Machine, error)
	// BootTimes are how long the newest machines of a pool took until they were ready.
	BootTimes(ctx context.Context, pool string, limit int) ([]time.Duration, error)
	// Timeline is what became of a machine, oldest first.
	Timeline(ctx context.Context, machine string) ([]Change, error)
	// Move changes a machine's state if it is from and that may become to. A seat on a
	// machine that stops being assigned waits for another one; a machine that becomes
	// ready is given to who waits longest. Conflict when it is in another state by now,
	// when it would be terminated while EC2 may be launching an instance for it, and when
	// it would be terminating, which takes an operation.
	Move(ctx context.Context, machine string, from, to MachineState, reason string, at time.Time) error

	Operation(ctx context.Context, id string) (Operation, error)
	// Operations lists newest first, at most limit; workshop "" means all.
	Operations(ctx context.Context, workshop string, limit int) ([]Operation, error)
	// Unfinished are the ids of operations that are not finished.
	Unfinished(ctx context.Context) ([]string, error)
	// OperationMachines are the machines that an operation has no outcome for.
	OperationMachines(ctx context.Context, id string) ([]Machine, error)
	// Note says what an operation is doing.
	Note(ctx context.Context, id string, state OperationState, message string) error
	// CancelOperation cancels a launch: its machines without an instance are handed to
	// the operation that ends them, and its workshop launches none until then. NotFound;
	// Conflict when it is over or no launch, or when all its machines have an instance.
	CancelOperation(ctx context.Context, id string, end Operation, why string, until time.Time) (Operation, error)
	// BeginAttempt returns the operation's open attempt, or opens one for the
	// machines that have no instance. ok is false when there are none.
	BeginAttempt(ctx context.Context, op string, at time.Time) (a Attempt, ok bool, err error)
	// KeepRequest keeps an attempt's Request, before EC2 is asked.
	KeepRequest(ctx context.Context, a Attempt) error
	// OpenAttempts are the attempts that EC2 may be carrying out.
	OpenAttempts(ctx context.Context) ([]Attempt, error)
	// EndAttempt gives the launched instances to machines and closes the attempt.
	EndAttempt(ctx context.Context, a Attempt, launched []Instance, at time.Time) error

	// UseProof remembers a proof until it is stale. Conflict when it was used.
	UseProof(ctx context.Context, digest [32]byte, until time.Time) error
	// RegisterAgent gives an instance's machine its agent, and changes nothing when
	// the machine has one with the same secret; one that may be replaced is. NotFound when no machine has the
	// instance; Conflict when its agent has another secret, which the machine's
	// timeline then tells, and when the machine is not wanted any more.
	RegisterAgent(ctx context.Context, instance string, a Agent, inventory api.Inventory, at time.Time) (Machine, error)
	// KeepInventory keeps what a machine has, where that is not as it was any more.
	KeepInventory(ctx context.Context, machine string, inventory api.Inventory) error
	// Agent finds an agent by its id. NotFound.
	Agent(ctx context.Context, id string) (Agent, error)
	// KeepAgent ends that the agent of a machine may be replaced.
	KeepAgent(ctx context.Context, machine string) error
	// Restored makes of a backup what an allocator goes on with: every agent may be
	// replaced, and nobody is logged in. The audit tells it.
	Restored(ctx context.Context, at time.Time) error
	// RestoredAt is when that was last; zero for never.
	RestoredAt(ctx context.Context) (time.Time, error)
	// SetHealth keeps what an agent reports and moves its machine accordingly. One that
	// reboots stays so until its agent speaks of another boot: see KeepHeard.
	SetHealth(ctx context.Context, machine string, h api.Health, reason string, at time.Time) error
	// SetUpAgain keeps what an agent reports of a machine that was unhealthy, or has
	// rebooted, before it was set up: it boots.
	SetUpAgain(ctx context.Context, machine string, h api.Health, reason string, at time.Time) error
	// KeepHeard keeps that an agent was heard of: its boot, and when who holds its
	// machine was active; zero when nobody knows.
	KeepHeard(ctx context.Context, machine, boot string, active, at time.Time) error
	// KeepFailed keeps that a machine that somebody holds is unhealthy, as its agent is
	// silent or its instance was stopped. NotFound; Conflict when it is not as it was seen,
	// or was heard of since.
	KeepFailed(ctx context.Context, seen Machine, reason string, at time.Time) error
	// KeepSays keeps what a machine's agent says of itself.
	KeepSays(ctx context.Context, machine string, says AgentSays) error
	// KeepUnended keeps why a machine that is to end has not, if it is as it was seen.
	// Conflict; NotFound.
	KeepUnended(ctx context.Context, seen Machine, why string, at time.Time) error
	// KeepSetup keeps how a machine's set-up goes, and adds what is told of it, if it is not
	// "", to its timeline.
	KeepSetup(ctx context.Context, machine string, how api.SetupStatus, told string, at time.Time) error
	// KeepUse keeps what a session of a seat was used for, as its machine says. It does
	// nothing where the session is not on the machine and nothing was kept of it when it
	// was, and where more was kept of it.
	KeepUse(ctx context.Context, machine, seat string, use api.SessionUse, at time.Time) error
	// Uses lists what the sessions of a workshop's seats were used for: first who asked
	// first, and of each the oldest first.
	Uses(ctx context.Context, workshop string) ([]UsedSeat, error)
	// KeepNotice keeps what who holds a machine is told, once for each hold: it does
	// nothing where they were told, or where the machine has another number by now.
	KeepNotice(ctx context.Context, machine string, number int64, text string, at time.Time) error
	// KeepAction keeps what a machine's agent suggests, or the allocator until it does.
	KeepAction(ctx context.Context, machine string, action api.Action) error
	// RebootMachine adds the operation that reboots a machine; its participant waits for
	// another one. Refused as TerminateMachine is.
	RebootMachine(ctx context.Context, seen Machine, op Operation, reason string) error
	// KeepRebootAsked keeps who was asked to reboot a machine that is to be.
	KeepRebootAsked(ctx context.Context, machine, whom string, at time.Time) error
	// DrainMachines adds the operation that ends machines of one workshop, but what a
	// participant made on one is collected first, where their workshop collects anything.
	// It says which these are: those that are as they were seen. Refused as
	// TerminateMachine is where none is.
	DrainMachines(ctx context.Context, op Operation, all []Ending) (ended []string, err error)
	// CollectWork adds the operation that collects on all machines of a workshop that are
	// held. NotFound; Conflict when it has ended, or collects nothing.
	CollectWork(ctx context.Context, op Operation, deadline time.Time) error
	// Collection finds what an operation collects on a machine, while it does. NotFound.
	Collection(ctx context.Context, op, machine string) (Collection, error)
	// HurryCollections brings the deadlines of what is collected on a machine forward.
	HurryCollections(ctx context.Context, machine string, deadline time.Time) error
	// Collected ends that; a machine that was drained for it goes on. It changes nothing
	// where it has ended before.
	Collected(ctx context.Context, op, machine, said string, at time.Time) error

	// AddLogs adds a batch to a machine's log, unless it is there; at is zero where nobody
	// knows what time it is. It forgets the oldest of what is more than keep bytes.
	AddLogs(ctx context.Context, machine string, b api.LogBatch, at time.Time, keep int) error
	// Forget removes what is too old; others write meanwhile. What was logged when nobody knew the time is from now.
	Forget(ctx context.Context, b Bygone, now time.Time) error
	// Logs reads at most limit batches of a machine's log, oldest first, after the one
	// with seq after, and which run the one before each is of.
	Logs(ctx context.Context, machine string, after int64, limit int) ([]LogBatch, error)

	// Claim gives a participant a seat, or the one they hold, and tells the audit of one
	// that is new. See ClaimRequest.
	Claim(ctx context.Context, r ClaimRequest) (Seat, error)
	// GiveSeats gives the machines of a workshop that are ready to those who wait.
	GiveSeats(ctx context.Context, workshop string, at time.Time) error
	// SeatByToken finds the live seat that a browser's token was used for last.
	// NotFound.
	SeatByToken(ctx context.Context, token [32]byte) (Seat, error)
	// Seat finds a live seat by its id. NotFound.
	Seat(ctx context.Context, id string) (Seat, error)
	// HeldSeat finds one of the live seats that a browser's token stands for. NotFound.
	HeldSeat(ctx context.Context, token [32]byte, id string) (Seat, error)
	// Seats lists the live seats of a workshop, first who asked first.
	Seats(ctx context.Context, workshop string) ([]Seat, error)
	// SeatHistory lists all seats that a workshop ever had, first who asked first.
	SeatHistory(ctx context.Context, workshop string) ([]PastSeat, error)
	// FormerSeat finds the seat that a browser's token stood for and that was released last.
	// NotFound.
	FormerSeat(ctx context.Context, token [32]byte) (PastSeat, error)
	// LiveSeats counts, by workshop, the seats that have a machine or wait for one.
	LiveSeats(ctx context.Context) (map[string]int, error)
	// SeatsDue are the seats whose time is over, and those whose participants have done
	// nothing for longer than they may. Who is not known to be idle is not.
	SeatsDue(ctx context.Context, now time.Time) ([]Seat, error)
	// EndSeat releases a seat whose time is over. NotFound when it is not: it may have
	// been extended meanwhile.
	EndSeat(ctx context.Context, id, reason string, at time.Time) error
	// ExtendSeat lets a seat end later. NotFound when it has no machine; Conflict when
	// it ends at another time by now than from; Capacity when others wait.
	ExtendSeat(ctx context.Context, id string, from, to time.Time) error
	// StaySeated keeps that the participant of a seat, of whom it is known whether they do
	// something, is there. NotFound when it has no machine; Capacity when others wait.
	StaySeated(ctx context.Context, id string, at time.Time) error
	// MoveSeat gives a seat another machine of its workshop that is ready. NotFound when
	// it has none; Capacity when there is no other.
	MoveSeat(ctx context.Context, id, reason string, at time.Time) error
	// KeepSeat lets a seat end at another time, also where others wait, and keeps that its
	// participant is there. NotFound when it has no machine; Conflict when it ends at
	// another time by now than from.
	KeepSeat(ctx context.Context, id string, from, to, at time.Time) error
	// LeaveMachine keeps why a machine that is ready or held is to go: nobody gets it any
	// more. NotFound; Conflict when it is not as it was seen, or is neither.
	LeaveMachine(ctx context.Context, seen Machine, reason string, at time.Time) error
	// KeepMessage keeps what the participant of a live seat is told; "" is nothing.
	// NotFound.
	KeepMessage(ctx context.Context, id, text string, at time.Time) error
	// KeepMessages keeps it for all live seats of a workshop, and says how many these are.
	KeepMessages(ctx context.Context, workshop, text string, at time.Time) (int, error)
	// KeepPreviewsTold keeps that the participant of a live seat was told of small pictures,
	// until they are turned on again. It does nothing where the workshop shows none.
	KeepPreviewsTold(ctx context.Context, id string) error
	// ReleaseSeat ends a seat and makes its machine ready again. NotFound when the
	// seat is not live.
	ReleaseSeat(ctx context.Context, id, reason string, at time.Time) error

	// KeepRefused keeps what EC2 refused, the newest of each place,
	// in whichever order it is told.
	KeepRefused(ctx context.Context, all []Refused) error
	// Refused lists what it refused since a time, the newest first.
	Refused(ctx context.Context, since time.Time) ([]Refused, error)

	// Census counts what there is now.
	Census(ctx context.Context, now time.Time) (Census, error)

	Finder
	People
	Peers
	Turns
	Answers
	Joins
}

// ClaimRequest asks for a seat. The token is the browser's, the PIN the seat's;
// both are stored as sums only.
type ClaimRequest struct {
	WorkshopID string
	Email      string
	Token      [32]byte // of this browser, new or known
	GivenPIN   [32]byte // the sum of the PIN that was typed; zero when none was
	Source     [32]byte // the sum of where it was typed: wrong PINs count against that
	NewSeat    string   // the id of the seat to make
	NewPIN     [32]byte // the sum of the PIN to make it with
	At         time.Time
}
