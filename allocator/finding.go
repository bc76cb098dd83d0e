package allocator

import (
	"context"
	"time"
)

// MachineQuery says which machines are looked for. What is empty leaves none out.
type MachineQuery struct {
	Workshop, Pool string
	State          MachineState
	Health         string // one of api.Health
	Text           string // a part of what tells a machine from others, however it is written
	Ended          bool   // also those that have ended
	Before         Place
	Limit          int
}

// OperationQuery says which operations are looked for. What is empty leaves none out.
type OperationQuery struct {
	Workshop string
	Only     OperationFilter
	Before   Place
	Limit    int
}

// OperationFilter is a kind of outcome.
type OperationFilter string

// Operations that go on, and those of which something failed.
const (
	OnlyRunning OperationFilter = "running"
	OnlyFailed  OperationFilter = "failed"
)

// Place is a place in a list, newest first: behind what was made then and has this id.
// The zero Place is before all.
type Place struct {
	At time.Time
	ID string
}

// Finder is the part of the store that finds what somebody looks for.
type Finder interface {
	// FindMachines lists machines, newest first.
	FindMachines(ctx context.Context, q MachineQuery) ([]Machine, error)
	// FindOperations lists operations, newest first.
	FindOperations(ctx context.Context, q OperationQuery) ([]Operation, error)
	// Size is how many bytes the database has.
	Size(ctx context.Context) (int64, error)
}
