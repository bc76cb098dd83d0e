package api

import "time"

// Setup is what a machine is set up with before anybody gets it, as its agent asks for
// it: GET /api/v1/agents/{id}/setup. Answers to reports carry only its sum, as a script
// may be long, and reports are many.
type Setup struct {
	Sum string `json:"sum" doc:"Changes with what this says"`
	// Run is false for a machine that has served before: it stays as it is.
	Run        bool     `json:"run" doc:"Whether the machine is to be set up; one that somebody may have had is not"`
	Container  string   `json:"container,omitempty" doc:"The image of a desktop that is a container, which is fetched before all else"`
	Repository string   `json:"repository,omitempty" doc:"A Git repository that is cloned into the home"`
	Software   []string `json:"software,omitempty" doc:"Names of programs: while one of them runs, the machine is in use"`
	Startup    Startup  `json:"startup"`
}

// Startup is a script that runs on a machine once. An empty one is none.
type Startup struct {
	Script string `json:"script,omitempty" doc:"What bash runs, in the home"`
	// OnError is Fail or Continue.
	OnError          string `json:"on_error,omitempty" enum:"continue,fail" doc:"What becomes of a machine whose set-up does not succeed"`
	MaxAttempts      int    `json:"max_attempts,omitempty" doc:"How often it is tried"`
	BaseDelaySeconds int    `json:"base_delay_seconds,omitempty" doc:"How long to wait before the second try; before each other one twice as long"`
	SuccessCheck     string `json:"success_check,omitempty" doc:"What bash runs after the script: it succeeded if that does"`
	// As is AsRoot or AsSession.
	As string `json:"as,omitempty" enum:"session,root" doc:"Who it runs as: who works on the desktop, or root"`
}

// What becomes of a machine whose set-up does not succeed, and who a script runs as.
const (
	Continue  = "continue"
	Fail      = "fail"
	AsSession = "session"
	AsRoot    = "root"
)

// The states of a set-up: there is none, it goes on, or it has ended in one of three ways.
const (
	SetupNone      = "none"
	SetupRunning   = "running"
	SetupDone      = "done"
	SetupContinued = "continued" // it did not succeed, and the machine is used all the same
	SetupFailed    = "failed"
)

// SetupStatus is how a machine's set-up goes.
type SetupStatus struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	Sum   string `json:"sum,omitempty" maxLength:"64" doc:"The sum of what it is set up with"`
	State string `json:"state" maxLength:"20" doc:"none, running, done, continued (it did not succeed, and the machine is used all the same) or failed"`
	// Step is what it does now, or did last, and Note how that goes, for people.
	Step    string     `json:"step,omitempty" maxLength:"50" doc:"What it does now, or did last: image, repository or startup"`
	Attempt int        `json:"attempt,omitempty" minimum:"0" doc:"The how manieth try of the step that is"`
	Of      int        `json:"of,omitempty" minimum:"0" doc:"How many tries there are"`
	Note    string     `json:"note,omitempty" maxLength:"500" doc:"How it goes, or what went wrong, for people"`
	Line    string     `json:"line,omitempty" maxLength:"200" doc:"The last line that it wrote"`
	Since   *time.Time `json:"since,omitempty" doc:"When it began"`
}

// Ended reports whether a set-up has come to its end.
func (s SetupStatus) Ended() bool {
	return s.State == SetupDone || s.State == SetupContinued || s.State == SetupFailed
}
