package api

import "time"

// Rollout is how a host follows the pointer to its release.
type Rollout struct {
	// Wanted is the release that the pointer named when the host last looked.
	Wanted string `json:"wanted,omitempty" doc:"The SHA-256 of the release manifest that is to run"`
	// Failed is the wanted release, when the host went back or never switched.
	Failed *FailedRelease `json:"failed,omitempty"`
	// Waiting is what is wrong with the host. It goes on trying.
	Waiting string `json:"waiting,omitempty" doc:"Why the host could not come to the wanted release yet, though it may be good"`
}

// FailedRelease is a release that a host does not run, and why.
type FailedRelease struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer host may say more

	Release string    `json:"release" maxLength:"64" doc:"The SHA-256 of its manifest"`
	Reason  string    `json:"reason" maxLength:"2000" doc:"What went wrong, for people"`
	At      time.Time `json:"at"`
}
