package api

import "time"

// Session is a log-in.
type Session struct {
	User     string `json:"user" maxLength:"100" doc:"The user's name; the first one is admin"`
	Password string `json:"password" maxLength:"1000"`
}

// Pool is a kind of machine that this deployment can launch.
type Pool struct {
	Name          string   `json:"name"`
	InstanceTypes []string `json:"instance_types"`
	MaxMachines   int      `json:"max_machines" doc:"How many may exist at once"`
	Machines      int      `json:"machines" doc:"How many exist now"`
}

// NewWorkshop asks for a workshop and the machines for it.
type NewWorkshop struct {
	Name  string `json:"name" minLength:"1" maxLength:"100" doc:"What people call it"`
	Pool  string `json:"pool" maxLength:"100" doc:"The kind of machine"`
	Seats int    `json:"seats" minimum:"1" maximum:"1000" doc:"How many machines to launch"`
}

// Workshop is a group of seats behind one join code.
type Workshop struct {
	ID        string     `json:"id" doc:"wks_…"`
	Name      string     `json:"name"`
	Pool      string     `json:"pool"`
	Seats     int        `json:"seats"`
	JoinCode  string     `json:"join_code"`
	JoinURL   string     `json:"join_url" doc:"The link to hand out"`
	State     string     `json:"state" enum:"open,ended"`
	CreatedAt time.Time  `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	// Operation is the job that the request started.
	Operation string `json:"operation,omitempty" doc:"op_…"`
}

// Machine is one GPU desktop host.
type Machine struct {
	ID           string     `json:"id" doc:"mch_…"`
	Workshop     string     `json:"workshop" doc:"wks_…"`
	Pool         string     `json:"pool"`
	State        string     `json:"state"`
	Reason       string     `json:"reason" doc:"Why it is in this state"`
	Instance     string     `json:"instance,omitempty" doc:"The EC2 instance's id"`
	InstanceType string     `json:"instance_type,omitempty"`
	Zone         string     `json:"zone,omitempty"`
	Connected    bool       `json:"connected" doc:"Whether its tunnel is up"`
	Participant  string     `json:"participant,omitempty" doc:"Who holds its seat"`
	GPUs         []GPU      `json:"gpus"`
	LastReport   *time.Time `json:"last_report,omitempty"`
	CreatedAt    time.Time  `json:"created_at"`
	// What the agent says of itself; nothing before its first report.
	AgentVersion string         `json:"agent_version,omitempty"`
	AgentRelease string         `json:"agent_release,omitempty" doc:"The SHA-256 of the release manifest that the machine is at"`
	AgentFailed  *FailedRelease `json:"agent_failed,omitempty" doc:"The release that the machine gave up last"`
}

// Operation is a durable background job.
type Operation struct {
	ID         string     `json:"id" doc:"op_…"`
	Kind       string     `json:"kind" enum:"launch,terminate"`
	Workshop   string     `json:"workshop" doc:"wks_…"`
	State      string     `json:"state" enum:"queued,running,succeeded,failed"`
	Total      int        `json:"total" doc:"How many machines it is about"`
	Done       int        `json:"done"`
	Failed     int        `json:"failed"`
	Message    string     `json:"message" doc:"What it is doing, or what went wrong"`
	By         string     `json:"by" doc:"Who asked for it"`
	CreatedAt  time.Time  `json:"created_at"`
	FinishedAt *time.Time `json:"finished_at,omitempty"`
}

// Page is one page of a listing; Next, when not empty, is the cursor of the
// page after it.
type Page[T any] struct {
	Items []T    `json:"items" nullable:"false"`
	Next  string `json:"next,omitempty"`
}

// Ready is the answer to GET /readyz.
type Ready struct {
	Ready   bool    `json:"ready"`
	Version string  `json:"version" doc:"The allocator's version"`
	Release string  `json:"release" doc:"The SHA-256 of the release manifest that is running"`
	Checks  []Check `json:"checks"`
	Rollout
}

// Check is one thing that must hold for the allocator to be ready.
type Check struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason,omitempty" doc:"What is wrong and what to do"`
}
