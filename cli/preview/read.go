package preview

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// document is what is read of either form.
type document struct {
	// The one document.
	Config      map[string]string `json:"config"`
	Steps       []metadata        `json:"steps"`
	Diagnostics []diagnostic      `json:"diagnostics"`
	Summary     map[string]int    `json:"changeSummary"`
	// One of the events.
	Prelude *struct {
		Config map[string]string `json:"config"`
	} `json:"preludeEvent"`
	Diagnostic *diagnostic `json:"diagnosticEvent"`
	Before     *event      `json:"resourcePreEvent"`
	Outputs    *event      `json:"resOutputsEvent"`
	Ended      *struct {
		Result string `json:"result"`
	} `json:"summaryEvent"`
}

type event struct {
	Metadata metadata `json:"metadata"`
}

type metadata struct {
	Op       string         `json:"op"`
	URN      string         `json:"urn"`
	Logical  bool           `json:"logical"` // of events alone
	Old      *state         `json:"old"`
	New      *state         `json:"new"`
	OldState *state         `json:"oldState"` // as the document calls them
	NewState *state         `json:"newState"`
	Keys     []string       `json:"keys"`
	Diffs    []string       `json:"diffs"`
	Replace  []string       `json:"replaceReasons"`
	Reasons  []string       `json:"diffReasons"`
	Detailed map[string]any `json:"detailedDiff"`
}

type state struct {
	Type    string         `json:"type"`
	Parent  string         `json:"parent"`
	Inputs  map[string]any `json:"inputs"`
	Outputs map[string]any `json:"outputs"`
	Protect bool           `json:"protect"`
	Retain  bool           `json:"retainOnDelete"`
}

type diagnostic struct {
	URN      string `json:"urn"`
	Prefix   string `json:"prefix"`
	Message  string `json:"message"`
	Severity string `json:"severity"`
}

// Read reads what `pulumi preview --json` prints, in either form.
func Read(r io.Reader) (*Preview, error) {
	decoder := json.NewDecoder(r)
	b := builder{p: &Preview{Config: map[string]string{}}, at: map[string]int{}}
	for n := 0; ; n++ {
		var d document
		err := decoder.Decode(&d)
		switch {
		case errors.Is(err, io.EOF) && n == 0:
			return nil, errors.New("read the preview: there is nothing; it is what pulumi preview --json prints")
		case errors.Is(err, io.EOF) && len(b.p.Config)+len(b.p.Steps)+len(b.p.Said) == 0:
			return nil, errors.New("read the preview: it holds nothing of one; it is what pulumi preview --json prints")
		case errors.Is(err, io.EOF):
			return b.p, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the preview: it is not what pulumi preview --json prints: %w", err)
		}
		b.add(d)
	}
}

func (b *builder) add(d document) {
	if d.Prelude != nil {
		b.p.Config = d.Prelude.Config
	}
	if d.Config != nil {
		b.p.Config = d.Config
	}
	for _, m := range d.Steps {
		m.Logical = true
		m.Old, m.New, m.Keys, m.Diffs = m.OldState, m.NewState, m.Replace, m.Reasons
		b.step(m, false)
	}
	if d.Summary != nil {
		b.p.Ended = true
	}
	for _, said := range d.Diagnostics {
		b.say(said)
	}
	if d.Diagnostic != nil {
		b.say(*d.Diagnostic)
	}
	if d.Before != nil {
		b.p.Whole = true
		b.step(d.Before.Metadata, false)
	}
	if d.Outputs != nil {
		b.step(d.Outputs.Metadata, true)
	}
	if d.Ended != nil {
		b.p.Ended = d.Ended.Result != "failed"
	}
}
