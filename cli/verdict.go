package cli

import (
	"errors"
	"fmt"
	"time"
)

// state is how one thing was found.
type state string

const (
	stateOK      state = "ok"
	stateWarning state = "warning" // as it should be, and not for long
	stateWrong   state = "wrong"
	stateUnknown state = "unknown" // it cannot be told
)

// finding is one thing that was looked at.
type finding struct {
	Check  string `json:"check"`
	State  state  `json:"state"`
	Detail string `json:"detail"`
	Next   string `json:"next,omitempty"` // what to do
}

// verdict is all that was found.
type verdict struct {
	OK       bool      `json:"ok"` // nothing is wrong or unknown
	Release  string    `json:"release"`
	Findings []finding `json:"findings"`

	final bool // waiting changes nothing
}

func (v *verdict) add(check string, s state, detail, next string) {
	v.Findings = append(v.Findings, finding{check, s, detail, next})
	v.OK = v.OK && (s == stateOK || s == stateWarning)
}

func (v *verdict) good(check, format string, args ...any) {
	v.add(check, stateOK, fmt.Sprintf(format, args...), "")
}

func (v *verdict) wrong(check, detail, next string)   { v.add(check, stateWrong, detail, next) }
func (v *verdict) unknown(check, detail, next string) { v.add(check, stateUnknown, detail, next) }

// waits reports whether to look again.
func (v *verdict) waits() bool { return !v.OK && !v.final }

// has reports whether something was found so.
func (v *verdict) has(s state) bool {
	for _, f := range v.Findings {
		if f.State == s {
			return true
		}
	}
	return false
}

// code is how to end after waiting so long. A time-out is a failure, whatever it
// was that did not come.
func (v *verdict) code(waited time.Duration) int {
	switch {
	case v.OK:
		return 0
	case v.has(stateWrong), waited > 0 && !v.final:
		return exitWrong
	}
	return exitUnknown
}

// words are how a state is shown to people.
var words = map[state]string{stateOK: "ok", stateWarning: "warning", stateWrong: "WRONG", stateUnknown: "unknown"}

// tell prints what was found, and ends with what is not as it should be.
func (g *Globals) tell(v *verdict, waited time.Duration) error {
	rows := [][]string{{"CHECK", "", "FOUND"}}
	var bad error
	for _, f := range v.Findings {
		rows = append(rows, []string{f.Check, words[f.State], f.Detail})
		if f.Next != "" {
			rows = append(rows, []string{"", "", "→ " + f.Next})
		}
		if f.State == stateWrong || f.State == stateUnknown {
			bad = errors.Join(bad, errors.New(f.Detail))
		}
	}
	shown := g.show(v, rows)
	if v.OK {
		return shown
	}
	if waited > 0 && !v.final {
		bad = fmt.Errorf("after %s: %w", waited, bad)
	}
	return exit{errors.Join(bad, shown), v.code(waited)}
}
