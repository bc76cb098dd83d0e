package api

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Registration is what an agent says of itself when it asks for an identity.
type Registration struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	Proof Proof `json:"proof"`
	// JoinToken is shown by somebody's own machine, which has no proof.
	JoinToken string    `json:"join_token,omitempty" maxLength:"200" doc:"The token by which a machine of one's own joins a workshop, in the place of a proof"`
	Protocol  int       `json:"protocol" minimum:"0" doc:"The protocol version that the agent speaks"`
	Version   string    `json:"version" maxLength:"100" doc:"The agent's version"`
	BootID    string    `json:"boot_id" maxLength:"64" doc:"Changes with each boot of the machine"`
	Inventory Inventory `json:"inventory"`
	// SecretSHA256 is all that the allocator is told of the agent's secret now.
	// The same sum from the same machine gets the same answer, so that an answer
	// that is lost can be asked for again; another sum is refused.
	SecretSHA256 string `json:"secret_sha256" pattern:"^[0-9a-f]{64}$" doc:"The sum of the secret that the agent made; sent as a bearer token from then on"`
}

// SecretSum is what a registration says of a secret.
func SecretSum(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Registered names the agent. With its id and the secret that it made, the agent
// proves this one machine in every later request.
type Registered struct {
	AgentID        string `json:"agent_id" doc:"The agent's id, agt_…"`
	MachineID      string `json:"machine_id" doc:"The machine this agent serves, mch_…"`
	ReportInterval int    `json:"report_interval_seconds" doc:"How often to report, in seconds"`
	Protocol       int    `json:"protocol" doc:"The protocol version that the allocator speaks"`
	Version        string `json:"version" doc:"The allocator's version"`
	// Released is why a machine of one's own is not wanted any more.
	Released string `json:"released,omitempty" doc:"Why a machine of one's own is not wanted any more; it serves no longer"`
}

// Inventory is what a machine has.
type Inventory struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	Driver string `json:"driver,omitempty" maxLength:"100" doc:"NVIDIA driver version; empty without NVML"`
	GPUs   []GPU  `json:"gpus" maxItems:"64"`
	// Note says why there is no GPU to list, for people.
	Note string `json:"note,omitempty" maxLength:"500"`
}

// GPU is one graphics processor, as NVML names it.
type GPU struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	UUID   string `json:"uuid" maxLength:"100"`
	Model  string `json:"model" maxLength:"200"`
	Memory uint64 `json:"memory_bytes" doc:"Memory in bytes"`
	// Capability says what programs can do there; empty where the GPU does not tell.
	Capability string `json:"compute_capability,omitempty" maxLength:"20" doc:"CUDA compute capability, as 8.6"`
	// What GPU and slot can do together; 0 where they do not tell.
	PCIeGeneration uint32        `json:"pcie_generation_max,omitempty"`
	PCIeWidth      uint32        `json:"pcie_width_max,omitempty" doc:"In lanes"`
	Instances      []GPUInstance `json:"instances,omitempty" maxItems:"64" doc:"The MIG instances that it is divided into"`
}

// GPUInstance is a part of a GPU (MIG). Its health is the GPU's.
type GPUInstance struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	UUID   string `json:"uuid" maxLength:"100"`
	Model  string `json:"model" maxLength:"200" doc:"With its profile, as NVIDIA A100-SXM4-40GB MIG 1g.5gb"`
	Memory uint64 `json:"memory_bytes" doc:"Memory in bytes"`
}

// Reading is what one GPU is doing now. What the device does not tell is
// absent: unknown is not zero.
type Reading struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	UUID        string   `json:"uuid" maxLength:"100"`
	Utilisation *uint32  `json:"utilisation_percent,omitempty" doc:"Share of the last sample in which a kernel ran, 0–100"`
	Programs    *int     `json:"programs,omitempty" doc:"How many programs compute on it, of one that does not tell its utilisation, as one that is divided"`
	MemoryUsed  *uint64  `json:"memory_used_bytes,omitempty"`
	Temperature *uint32  `json:"temperature_celsius,omitempty"`
	Power       *float64 `json:"power_watts,omitempty"`
	// The PCIe link at this moment: a GPU without work lowers its generation.
	PCIeGeneration *uint32 `json:"pcie_generation,omitempty"`
	PCIeWidth      *uint32 `json:"pcie_width,omitempty" doc:"In lanes"`
	// Errors of memory since the driver was loaded.
	ECCCorrected   *uint64 `json:"ecc_corrected,omitempty"`
	ECCUncorrected *uint64 `json:"ecc_uncorrected,omitempty"`
}

// Health is how well a machine is.
type Health string

// A machine is healthy, works with limits, or must not be given to anybody.
const (
	Healthy   Health = "healthy"
	Degraded  Health = "degraded"
	Unhealthy Health = "unhealthy"
)

// Action is what would help a machine that is not well.
type Action string

// What may help: nothing, the participant starting the application again, a reset of
// the GPU, a reboot of the machine, or another machine.
const (
	NoAction Action = ""
	Restart  Action = "restart"
	Reset    Action = "reset"
	Reboot   Action = "reboot"
	Replace  Action = "replace"
)

// StartReboot asks an agent to reboot its machine: POST /reboot through its tunnel. It
// refuses when that is another boot by now, as it has rebooted already.
type StartReboot struct {
	BootID string `json:"boot_id"`
}

// Report is what an agent says every few seconds, and at once when its health
// changes.
type Report struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	At       time.Time `json:"at" doc:"When the report was made, by the machine's clock"`
	Protocol int       `json:"protocol,omitempty" minimum:"0" doc:"The protocol version that the agent speaks"`
	Version  string    `json:"version" maxLength:"100"`
	BootID   string    `json:"boot_id" maxLength:"64"`
	Health   Health    `json:"health" enum:"healthy,degraded,unhealthy"`
	Reason   string    `json:"reason,omitempty" maxLength:"500" doc:"Why the machine is not healthy, for people"`
	Action   Action    `json:"action,omitempty" maxLength:"20" doc:"What would help the machine: restart, reset, reboot or replace"`
	// Note is what is no fault and yet worth knowing, as an error of a program.
	Note     string    `json:"note,omitempty" maxLength:"500" doc:"What is no fault of the machine and yet worth knowing, for people"`
	Readings []Reading `json:"readings" maxItems:"64"`
	// Release is the release that the agent was started from; empty when it was
	// started by hand.
	Release string `json:"release,omitempty" maxLength:"64"`
	// Failed is a release that the machine gave up.
	Failed *FailedRelease `json:"failed,omitempty"`
	// Session is absent where the agent starts none.
	Session *SessionStatus `json:"session,omitempty"`
	// Interruption is absent while AWS says nothing of one.
	Interruption *Interruption `json:"interruption,omitempty"`
	// Setup is absent where the agent sets nothing up, as an older one.
	Setup *SetupStatus `json:"setup,omitempty"`
	// Use is of the session that goes on, and Ended of those before that the allocator may
	// not have been told of.
	Use   *SessionUse  `json:"use,omitempty"`
	Ended []SessionUse `json:"ended,omitempty" maxItems:"16"`
	// Host is absent where it is not looked at.
	Host *Host `json:"host,omitempty"`
	// Inventory is absent where it is as it was told before, and while nobody knows it.
	Inventory *Inventory `json:"inventory,omitempty"`
}

// Known reports whether anything is known of what a machine has: also that it has no GPU.
func (i Inventory) Known() bool { return i.Driver != "" || i.Note != "" || len(i.GPUs) > 0 }

// ReportAnswer tells the agent what it may need to change.
type ReportAnswer struct {
	ReportInterval int    `json:"report_interval_seconds" doc:"How often to report, in seconds"`
	Protocol       int    `json:"protocol" doc:"The protocol version that the allocator speaks"`
	Version        string `json:"version" doc:"The allocator's version"`
	// Release is told while nobody holds the machine's seat, so that nobody is
	// interrupted by an agent that follows.
	Release string `json:"release,omitempty" doc:"The SHA-256 of the release manifest that the agent is to run"`
	// Setup is the sum of what the machine is set up with; see the type Setup.
	Setup string `json:"setup,omitempty" doc:"The sum of what the machine is to be set up with; it asks for it when that is new"`
}

// Status is what an agent answers to GET /status through its tunnel: the
// state of the machine at this moment.
type Status struct {
	At        time.Time `json:"at"`
	Version   string    `json:"version"`
	Health    Health    `json:"health"`
	Reason    string    `json:"reason,omitempty"`
	Action    Action    `json:"action,omitempty"`
	Note      string    `json:"note,omitempty"`
	Inventory Inventory `json:"inventory"`
	Readings  []Reading `json:"readings"`
	// Session is absent where the agent starts none.
	Session *SessionStatus `json:"session,omitempty"`
	// Setup is absent where the agent sets nothing up.
	Setup *SetupStatus `json:"setup,omitempty"`
	// Host is absent where it is not looked at.
	Host *Host `json:"host,omitempty"`
}

// SaysOther reports whether another status tells another health, another reason for it,
// or something else that is worth knowing at once.
func (s Status) SaysOther(other Status) bool {
	return s.Health != other.Health || s.Reason != other.Reason || s.Action != other.Action || s.Note != other.Note
}

// Interruption is what AWS says it will do to a spot machine.
type Interruption struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	// Action is terminate, stop or hibernate, at a time; or rebalance: it may be soon.
	Action string    `json:"action" maxLength:"20" doc:"terminate, stop, hibernate, or rebalance: one of these may be soon"`
	At     time.Time `json:"at" doc:"When it is done; for rebalance, when AWS said so"`
}

// Rebalance is the action of an interruption that may come soon.
const Rebalance = "rebalance"
