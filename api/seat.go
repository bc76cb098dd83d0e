package api

import (
	"slices"
	"time"
)

// Claim asks for a seat. The same e-mail asks for the same seat; from another
// browser it needs the PIN that was shown at the first claim.
type Claim struct {
	Code  string `json:"code" minLength:"1" maxLength:"32" doc:"The workshop's join code"`
	Email string `json:"email" minLength:"3" maxLength:"254" doc:"Who asks"`
	PIN   string `json:"pin,omitempty" maxLength:"12" doc:"The PIN of a seat claimed in another browser"`
}

// Seat is a participant's hold on a machine.
type Seat struct {
	ID        string    `json:"id" doc:"sea_…"`
	Workshop  string    `json:"workshop" doc:"The workshop's name"`
	Email     string    `json:"email"`
	State     string    `json:"state" enum:"queued,assigned,released"`
	Machine   string    `json:"machine,omitempty" doc:"The machine's id, mch_…; absent while it waits for one"`
	Model     string    `json:"model,omitempty" doc:"The GPU's model, once known"`
	ClaimedAt time.Time `json:"claimed_at"`
	// Position is the place in the queue, from 1, of a seat that waits.
	Position int `json:"position,omitempty"`
	// ExpectedAt is when a machine should be there for a seat that waits, as far as
	// that can be told.
	ExpectedAt *time.Time `json:"expected_at,omitempty"`
	// BeginsAt is when the workshop begins, and Coming how far the machine is that should be
	// the seat's, for one that waits.
	BeginsAt *time.Time `json:"begins_at,omitempty" doc:"When the workshop begins; absent once it has"`
	Coming   *Coming    `json:"coming,omitempty" doc:"How far the machine is that is next"`
	// Full is told to who waits because as many people have machines as there are seats.
	Full bool `json:"full,omitempty" doc:"Whether all seats of the workshop are taken"`
	// Waits is why a seat that waits gets no machine, also where one is ready.
	Waits      string     `json:"waits,omitempty" doc:"Why no machines are given out, for the participant"`
	EndsAt     *time.Time `json:"ends_at,omitempty" doc:"When the machine is given back; absent: when the workshop ends"`
	IdleEndsAt *time.Time `json:"idle_ends_at,omitempty" doc:"When the machine is given back if its participant does nothing until then"`
	// WorkshopEndsAt is when its machines end, whoever holds them.
	WorkshopEndsAt *time.Time `json:"workshop_ends_at,omitempty" doc:"When the workshop ends; absent: when somebody ends it"`
	// BudgetEndsAt is when the machine ends, as the workshop's money is used up.
	BudgetEndsAt *time.Time `json:"budget_ends_at,omitempty" doc:"When the machine ends as the budget is used up; absent: it does not for that"`
	Note         string     `json:"note,omitempty" doc:"What became of the machine before, in detail"`
	Lost         string     `json:"lost,omitempty" enum:"failed,taken,restart,ended,moved" doc:"Why the machine before was lost, for the participant: it failed, AWS took it back, it boots again, it was given up, or they were given another one"`
	// Message is what the instructor tells, or the allocator.
	Message   string     `json:"message,omitempty" doc:"What the participant is told"`
	MessageAt *time.Time `json:"message_at,omitempty"`
	Previews  bool       `json:"previews,omitempty" doc:"Whether instructors see small pictures of the desktop"`
	// PIN is shown in the browser that claimed the seat, and in no other.
	PIN string `json:"pin,omitempty" doc:"Needed to come back from another browser"`
}

// How far a machine is that starts.
const (
	ComingRequested = "requested"
	ComingBooting   = "booting"
	ComingRebooting = "rebooting"
	ComingSetup     = "setup"
)

// Coming is a machine that starts, as who waits for it is told.
type Coming struct {
	Stage   string `json:"stage" enum:"requested,booting,rebooting,setup"`
	Step    string `json:"step,omitempty" doc:"What its set-up does: image, repository or startup"`
	Percent *int   `json:"percent,omitempty" doc:"How much of the image is there"`
}

// SetupSteps are the steps of a set-up, in order.
var SetupSteps = []string{"image", "repository", "startup"}

// Said is what it does: a step of its set-up that is known, or its stage.
func (c Coming) Said() string {
	if slices.Contains(SetupSteps, c.Step) {
		return c.Step
	}
	return c.Stage
}

// Live is what the participant's page shows of the machine at this moment.
type Live struct {
	At        time.Time `json:"at"`
	Seat      Seat      `json:"seat" doc:"The seat at this moment; its PIN is not among it"`
	Reachable bool      `json:"reachable" doc:"Whether the machine answered through its tunnel"`
	Detail    string    `json:"detail,omitempty" doc:"What is wrong, in detail"`
	Failed    bool      `json:"failed,omitempty" doc:"Whether a machine that does not answer is known to have failed: another one comes"`
	Status    *Status   `json:"status,omitempty"`
	Starting  string    `json:"starting,omitempty" doc:"Why there is no desktop on the machine yet, for the participant"`
	// Remote is there where the desktop is shown by Chrome Remote Desktop.
	Remote *RemoteDesktop `json:"remote,omitempty"`
}
