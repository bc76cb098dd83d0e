package api

import "time"

// The most that a batch of a log may hold: lines, and bytes of a line.
const (
	MaxLogLines = 200
	MaxLogLine  = 4000
)

// LogBatch is what a machine's agent logged, of what it has not told yet.
type LogBatch struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	// Run and Number tell a batch from all others, so that one whose answer was lost
	// is kept once.
	Run    string `json:"run" minLength:"1" maxLength:"64" doc:"Changes with each start of the agent"`
	Number int64  `json:"number" minimum:"1" doc:"Counts the batches of a run"`
	// Lost counts the lines before these that the machine had no room for.
	Lost  int       `json:"lost,omitempty" minimum:"0" doc:"How many lines before these were lost"`
	Lines []LogLine `json:"lines" minItems:"1" maxItems:"200"`
}

// LogLine is a line of a machine's log.
type LogLine struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	At     time.Time `json:"at" doc:"When it was written, by the machine's clock"`
	Level  string    `json:"level" enum:"debug,info,warn,error"`
	Source string    `json:"source" maxLength:"50" doc:"The program that wrote it"`
	Text   string    `json:"text" maxLength:"4000"`
}

// LogPage is a part of a machine's log, oldest line first.
type LogPage struct {
	Lines []LogLine `json:"lines"`
	// Next is where to go on reading, also when there is no more now.
	Next int64 `json:"next" doc:"What to pass as after, to read on"`
}
