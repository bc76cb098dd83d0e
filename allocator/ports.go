package allocator

import (
	"context"
	"io"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Agent is an agent's identity as it is stored.
type Agent struct {
	ID        string
	MachineID string
	Secret    [32]byte // its SHA-256
}

// Instance is a machine of EC2's.
type Instance struct {
	ID    string
	Type  string
	Zone  string
	Spot  bool // whether it is a spot machine, as far as a launch tells it
	State InstanceState
	// LaunchedAt, Attempt, the token of the attempt that launched it, and the marks of the
	// machine and the workshop that it is for are set where EC2 lists it.
	LaunchedAt        time.Time
	Attempt           string
	Machine, Workshop string
	Ended             string // why it has ended, for people, where EC2 says it
}

// Label are the marks that an instance lacks. One that is "" it has.
type Label struct{ Instance, Machine, Workshop string }

// InstanceState is an instance's state, as far as it matters here.
type InstanceState string

// An instance is coming, running, stopped or about to be, on its way out, or gone.
const (
	InstancePending InstanceState = "pending"
	InstanceRunning InstanceState = "running"
	InstanceStopped InstanceState = "stopped"
	InstanceEnding  InstanceState = "ending"
	InstanceGone    InstanceState = "gone"
)

// Refusal is why an instance could not be had somewhere.
type Refusal struct {
	Code  api.Code // Capacity, Quota, Forbidden, or Internal
	Type  string
	Where string // the zone; the subnet's id where its zone is not known
	Spot  bool   // whether it was asked for as a spot machine
	Why   string // for people
}

// Compute launches and ends instances.
type Compute interface {
	// Plan writes down how count instances of a pool are asked for under a token, for a
	// workshop, of some of its types. Invalid when there is no such pool, or no type.
	Plan(pool, workshop string, count int, token string, of Kinds) (request string, err error)
	// Launch asks for what Plan wrote. It returns what it got, which may be fewer,
	// with the refusals. The same request gives the same answer.
	Launch(ctx context.Context, request string) ([]Instance, []Refusal, error)
	// Label marks instances with the machines that they are, for people who look at the
	// account. One that cannot be marked holds up no other. It returns how many it came
	// to in its time, from the first.
	Label(ctx context.Context, lack []Label) (tried int, err error)
	// Instances lists those of this deployment that are not long gone. EC2 may
	// list one only minutes after it was launched.
	Instances(ctx context.Context) ([]Instance, error)
	// Terminate ends instances of this deployment, also those that EC2 does not
	// list yet; ones that are gone are no error. *Unended when EC2 refuses to end some:
	// the others are ending.
	Terminate(ctx context.Context, ids []string) error
	// Reboot boots an instance of this deployment again, as it is.
	Reboot(ctx context.Context, id string) error
}

// Proven is what a good proof shows.
type Proven struct {
	Instance string // the id of the instance that made it
	Role     string // the role that the instance acts under
	// Signature tells the proof from every other, however it is written.
	Signature string
}

// Verifier says which instance an agent's proof speaks of.
type Verifier interface {
	// Verify reads a proof. Forbidden when it is not good, Unavailable when that
	// cannot be told now.
	Verify(ctx context.Context, p api.Proof) (Proven, error)
}

// Tunnels reaches agents.
type Tunnels interface {
	// Status asks a machine's agent how it is. Unavailable when it does not answer.
	Status(ctx context.Context, machine string) (api.Status, error)
	// StartSession begins a session on a machine, as of a Machine.Number. The same one
	// again changes nothing, and any other ends before. Unavailable when that cannot be
	// done now; Conflict when the agent has had an order with a higher number.
	StartSession(ctx context.Context, machine, session string, number int64) error
	// Reboot lets an agent reboot its machine. Conflict when that is another boot by now.
	Reboot(ctx context.Context, machine, boot string) error
	// Collect begins to collect on a machine, or says how it goes.
	Collect(ctx context.Context, machine string, c api.StartCollect) (api.CollectStatus, error)
	// EndSession ends a session, if the machine has it; "" ends none, and tells the agent
	// the number only. Conflict as with StartSession.
	EndSession(ctx context.Context, machine, session string, number int64) error
	// StartRemote begins to connect a machine with Chrome Remote Desktop, as its participant
	// wants, and Remote asks how far it is. Invalid for what is no code; Conflict for another
	// session's, and where one is used already.
	StartRemote(ctx context.Context, machine string, in api.StartRemote) error
	Remote(ctx context.Context, machine string) (api.RemoteDesktop, error)
}

// Work keeps what participants made.
type Work interface {
	// Upload is an address that takes a file of just so many bytes, for a while.
	Upload(ctx context.Context, key string, bytes int64) (url string, err error)
	// UploadOnce is one that takes it once: in the place of the file with a tag, or where
	// none is. The headers go with the file.
	UploadOnce(ctx context.Context, key string, bytes int64, tag string) (url string, headers map[string]string, err error)
	// Download is an address that gives a file, for a while.
	Download(ctx context.Context, key string) (url string, err error)
	// Open opens a file. NotFound.
	Open(ctx context.Context, key string) (io.ReadCloser, error)
	// List lists the files whose keys begin with prefix.
	List(ctx context.Context, prefix string) ([]WorkFile, error)
}

// WorkFile is a file that is kept.
type WorkFile struct {
	Key   string
	Bytes int64
	At    time.Time
	Tag   string // changes with what is in it
}

// Queue runs operations until they are done.
type Queue interface {
	// Enqueue makes Service.Run be called with the operation's id, again and again
	// until it returns nil. It does nothing for one that is queued already.
	Enqueue(ctx context.Context, operation string) error
}

// Leader says which of the allocators that share a store does what one of them does.
type Leader interface {
	// Leads reports whether it is this one, now. Two may believe it for a moment, so
	// what the leader does is harmless when two do it.
	Leads(ctx context.Context) bool
}
