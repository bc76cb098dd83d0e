package preview

import (
	"regexp"
	"slices"
	"strings"
)

// Effect is what a change to a resource interrupts.
type Effect struct {
	Stops   string // what, for people
	Keeps   string // what goes on meanwhile, where nothing else of the change stops it
	HowLong string
	// Loses is set where something is gone for good.
	Loses bool
}

// effect is what a step interrupts. It is not ok for one that interrupts nothing.
func (s Step) effect() (Effect, bool) {
	for _, r := range effects {
		if r.typ != s.Type || !slices.Contains(r.ops, s.Op) || r.property != "" && !s.sets(r.property) {
			continue
		}
		e := r.Effect
		e.Stops = placeholder.ReplaceAllStringFunc(e.Stops, func(p string) string { return cut(s.text(strings.Trim(p, "{}")), longest) })
		return e, !(s.Op == "delete" && s.Old != nil && s.Old.Retain)
	}
	if s.Op != "replace" {
		return Effect{}, false
	}
	if slices.Contains(quiet, s.Type) {
		return Effect{"nothing that anybody notices", "", nothing, false}, true
	}
	return Effect{"not known for this type: look at what uses it", "", "not known", false}, true
}

// sets reports whether the step gives a property another value. One that is known
// after the deployment only may be the same again.
func (s Step) sets(property string) bool {
	return slices.Contains(s.Changed, property) && value(s.New, property) != known
}

// placeholder is an input of the resource in an effect's words.
var placeholder = regexp.MustCompile(`\{\w+\}`)
