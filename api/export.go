package api

import "time"

// Export is what is kept of a workshop's seats.
type Export struct {
	Workshop string         `json:"workshop" doc:"wks_…"`
	Name     string         `json:"name"`
	At       time.Time      `json:"at" doc:"When it was written"`
	Seats    []ExportedSeat `json:"seats" nullable:"false"`
}

// ExportedSeat is one seat, first who asked first.
type ExportedSeat struct {
	ID          string     `json:"id" doc:"sea_…"`
	Email       string     `json:"email"`
	State       string     `json:"state" enum:"queued,assigned,released"`
	ClaimedAt   time.Time  `json:"claimed_at"`
	AssignedAt  *time.Time `json:"assigned_at,omitempty" doc:"When it got the machine that it was on last"`
	EndsAt      *time.Time `json:"ends_at,omitempty" doc:"When the machine was to be given back"`
	ReleasedAt  *time.Time `json:"released_at,omitempty"`
	Because     string     `json:"because,omitempty" doc:"Why it was released"`
	Machine     string     `json:"machine,omitempty" doc:"The machine that it was on last, mch_…"`
	Pool        string     `json:"pool,omitempty"`
	Type        string     `json:"type,omitempty" doc:"The machine's EC2 type"`
	Zone        string     `json:"zone,omitempty"`
	MinutesHeld int        `json:"minutes_held" doc:"How long that machine was held, until now where it is"`
	Use         *SeatUse   `json:"use,omitempty" doc:"What was done on machines; absent where nothing was measured"`
}
