package api

import "time"

// Rollout is how a host follows the pointer to its release.
type Rollout struct {
	// Wanted is the release that the pointer named when the host last looked.
	Wanted string `json:"wanted,omitempty" doc:"The SHA-256 of the release manifest that is to run"`
	// Failed is the wanted release, when the host went back or never switched.
	Failed *FailedRelease `json:"failed,omitempty"`
}

// FailedRelease is a release that a host does not run, and why.
type FailedRelease struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer host may say more

	Release string    `json:"release" maxLength:"64" doc:"The SHA-256 of its manifest"`
	Reason  string    `json:"reason" maxLength:"2000" doc:"What went wrong, for people"`
	At      time.Time `json:"at"`
}
