package preview

import (
	"strings"
)

// Preview is what a stack's preview says.
type Preview struct {
	Config  map[string]string // the settings, by full key; secrets are "[secret]"
	Steps   []Step            // in the engine's order, without the stack itself
	Outputs Outputs
	Said    []Said
	// Whole is set where the steps hold what stays as it is, too.
	Whole bool
	// Ended is set where the engine came to the end of the preview.
	Ended bool
}

// Outputs are the stack's, before and after.
type Outputs struct {
	Before, After map[string]any
	// Told is set where it is known what they are after.
	Told bool
}

// Step is what happens to one resource.
type Step struct {
	Op       string // create, update, replace, delete, same, ...
	URN      string
	Type     string // aws:ec2/instance:Instance
	Name     string // host-instance
	Parent   string // the URN of the component it is a part of
	Drift    bool   // this is what somebody else did, not what the change does
	Old, New *State // nil where there is none
	Changed  []string
	Replaces []string // the properties for which it is replaced
}

// State is a resource before or after.
type State struct {
	Inputs, Outputs map[string]any
	Protect, Retain bool
}

// Said is a warning or an error.
type Said struct {
	Error   bool
	About   string // the name of a resource, or ""
	Message string
}

// Failed reports whether the engine or the program refused.
func (p *Preview) Failed() bool {
	for _, s := range p.Said {
		if s.Error {
			return true
		}
	}
	return false
}

// Region is where the stack is.
func (p *Preview) Region() string { return p.Config["aws:region"] }

// Component is the component that the step's resource is a part of, or itself.
func (s Step) Component() string {
	switch {
	case s.isComponent() || s.Parent == "":
		return s.Name
	case strings.Contains(s.Parent, "::"+stackType+"::"):
		return "stack"
	}
	return nameOf(s.Parent)
}

// isComponent reports whether there is nothing of the resource at a provider.
func (s Step) isComponent() bool { return strings.HasPrefix(s.Type, "lablink:") }

// text is an input as text, "" where it is none. The state after goes before.
func (s Step) text(property string) string {
	for _, state := range []*State{s.New, s.Old} {
		if state != nil {
			if v, ok := state.Inputs[property].(string); ok {
				return v
			}
		}
	}
	return ""
}

const stackType = "pulumi:pulumi:Stack"

// nameOf is the last part of a URN.
func nameOf(urn string) string {
	if at := strings.LastIndex(urn, "::"); at >= 0 {
		return urn[at+2:]
	}
	return urn
}
