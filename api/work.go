package api

import "time"

// StartCollect asks an agent to keep a participant's work: POST /collect through its
// tunnel. The same one again only asks how it goes.
type StartCollect struct {
	ID       string   `json:"id"`
	Patterns []string `json:"patterns"`
	MaxFiles int      `json:"max_files"`
	MaxBytes int64    `json:"max_bytes"`
	// Seconds is for how long it is waited for from now on. Absent, as of older allocators:
	// five minutes.
	Seconds int `json:"seconds,omitempty"`
}

// CollectStatus is how an agent gets on with that.
type CollectStatus struct {
	Done    bool   `json:"done"`
	Files   int    `json:"files"` // that were kept
	Bytes   int64  `json:"bytes"`
	Left    int    `json:"left"` // files that were not kept
	Trouble string `json:"trouble,omitempty"`
}

// NewUploads asks for places to keep files of a collection at.
type NewUploads struct {
	_ struct{} `json:"-" additionalProperties:"true"` // a newer agent may say more

	Collection string    `json:"collection" maxLength:"64" doc:"The operation that collects, op_…"`
	Files      []NewFile `json:"files" minItems:"1" maxItems:"100"`
	// Once is said by agents that send the headers of the answer.
	Once bool `json:"once,omitempty" doc:"Whether each address may be good for one file only, with headers that the answer names"`
}

// NewFile is one file in the participant's home.
type NewFile struct {
	Path  string `json:"path" minLength:"1" maxLength:"512" doc:"Below the home, with slashes"`
	Bytes int64  `json:"bytes" minimum:"0" maximum:"5368709120" doc:"How large it is"`
}

// Uploads are where files are put, in the order in which they were named.
type Uploads struct {
	URLs []string `json:"urls" nullable:"false" doc:"Each takes one PUT of just as many bytes, within 15 minutes"`
	// Headers go with each PUT, in the same order. Absent, as of older allocators: none.
	Headers []map[string]string `json:"headers,omitempty" doc:"What to send with each, so that it takes one file only: where the bucket answers 412, the file is there"`
}

// WorkFile is a file that a participant made.
type WorkFile struct {
	Seat        string    `json:"seat" doc:"sea_…"`
	Participant string    `json:"participant"`
	Path        string    `json:"path" doc:"Where it was in their home, below the time when they got their machine"`
	Bytes       int64     `json:"bytes"`
	At          time.Time `json:"at" doc:"When it was kept"`
	URL         string    `json:"url" doc:"Downloads it, within 15 minutes"`
}
