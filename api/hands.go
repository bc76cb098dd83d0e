package api

import "time"

// Message is what staff tells a participant.
type Message struct {
	Text string `json:"text" maxLength:"500" doc:"Shown on the participant's page; empty: nothing any more"`
}

// Extension lets a seat end later.
type Extension struct {
	Minutes int `json:"minutes" minimum:"1" maximum:"1440" doc:"By how much"`
}

// Change is one line of a machine's timeline.
type Change struct {
	At     time.Time `json:"at"`
	From   string    `json:"from" doc:"The state before; empty for a new machine"`
	To     string    `json:"to" doc:"The state after, which may be the same"`
	Reason string    `json:"reason"`
}

// Told is how many people were told something.
type Told struct {
	People int `json:"people" doc:"How many hold a seat or wait for one"`
}
