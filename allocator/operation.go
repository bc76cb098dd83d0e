package allocator

import (
	"fmt"
	"slices"
	"time"
)

// OperationKind is what an operation does.
type OperationKind string

// The kinds of operation.
const (
	Launch    OperationKind = "launch"
	Terminate OperationKind = "terminate"
	Reboot    OperationKind = "reboot"
	Collect   OperationKind = "collect"
)

// OperationState is how far an operation has come.
type OperationState string

// The states of an operation.
const (
	Queued    OperationState = "queued"
	Running   OperationState = "running"
	Succeeded OperationState = "succeeded"
	Failed    OperationState = "failed"
	Cancelled OperationState = "cancelled"
)

// operationTransitions are all the ways there are. One whose machines are all gone before
// it has its turn never runs.
var operationTransitions = map[OperationState][]OperationState{
	Queued:    {Running, Succeeded, Failed, Cancelled},
	Running:   {Succeeded, Failed, Cancelled},
	Succeeded: {},
	Failed:    {},
	Cancelled: {},
}

// CanBecome reports whether an operation in state s may go to next.
func (s OperationState) CanBecome(next OperationState) bool {
	return slices.Contains(operationTransitions[s], next)
}

// Finished reports whether nothing more will happen.
func (s OperationState) Finished() bool { return s == Succeeded || s == Failed || s == Cancelled }

// Operation is a durable background job on a number of machines. Done and
// Failed count those for which it has an outcome.
type Operation struct {
	ID         string
	Kind       OperationKind
	WorkshopID string
	State      OperationState
	Total      int
	Done       int
	Failed     int
	Message    string // what it is doing, or what went wrong, for people
	By         string // who asked
	CreatedAt  time.Time
	FinishedAt time.Time // zero until then
}

// NewOperation is an operation that somebody asks for.
func NewOperation(kind OperationKind, by, workshop string, at time.Time) Operation {
	return Operation{ID: newID("op"), Kind: kind, WorkshopID: workshop, State: Queued, By: by, CreatedAt: at, Message: "waiting to start"}
}

// Attempt is one call to Compute for some of an operation's machines. It is
// written down before the call, so that a repeated call after a crash is the
// same call and launches nothing twice.
type Attempt struct {
	Operation string
	Number    int // from 1
	Count     int // how many instances are asked for
	OpenedAt  time.Time
	// Request is what EC2 is asked for, as Compute wrote it: the settings may be
	// others when the call is repeated. "" before EC2 was asked at all.
	Request string
}

// Token makes the attempt's call idempotent.
func (a Attempt) Token() string { return fmt.Sprintf("%s-%d", a.Operation, a.Number) }

// Later is returned by a job that has to be run again.
type Later struct {
	After time.Duration
	Why   string // for people
}

func (l *Later) Error() string { return fmt.Sprintf("again in %s: %s", l.After, l.Why) }
