package preview

import (
	"maps"
	"slices"
	"strings"
)

// builder puts a preview together, event by event.
type builder struct {
	p     *Preview
	at    map[string]int // the step of a resource, by its URN
	begun bool           // the program has
}

// Steps that only tell how another one is done, or that nothing is.
var inner = []string{"create-replacement", "delete-replaced", "discard", "discard-replaced", "read-replacement", "read-discard", "remove-pending-replace"}

// step takes one step. A later one says more about the same resource: outputs, or
// what a refresh has found.
func (b *builder) step(m metadata, outputs bool) {
	found := outputs && b.refreshing(m.URN)
	if m.URN == "" || slices.Contains(inner, m.Op) || !m.Logical && m.Op != "refresh" && !found {
		return
	}
	kind := kindOf(m.URN)
	if kind == stackType {
		b.stack(m, outputs)
		return
	}
	if strings.HasPrefix(kind, "pulumi:providers:") {
		return
	}
	b.p.Whole = b.p.Whole || m.Op == "same"
	s := Step{
		Op: strings.TrimSuffix(m.Op, "-replacement"), URN: m.URN, Type: kind, Name: nameOf(m.URN), Replaces: m.Keys, Changed: m.Diffs,
		Old: m.Old.read(), New: m.New.read(),
	}
	if len(m.Detailed) > 0 {
		s.Changed = slices.Sorted(maps.Keys(m.Detailed))
	}
	for _, state := range []*state{m.New, m.Old} {
		if state != nil && s.Parent == "" {
			s.Parent = state.Parent
		}
	}
	key := m.URN
	if m.Op == "refresh" || found {
		s.Drift, key = true, "refresh "+m.URN
	}
	if i, known := b.at[key]; known {
		b.p.Steps[i] = s
		return
	}
	b.at[key] = len(b.p.Steps)
	b.p.Steps = append(b.p.Steps, s)
}

// refreshing reports whether a resource is being looked at: nothing is planned for
// it yet. Some engines then tell what they found as an update or a deletion.
func (b *builder) refreshing(urn string) bool {
	_, looked := b.at["refresh "+urn]
	_, planned := b.at[urn]
	return looked && !planned
}

// stack takes the stack's outputs. Events tell them twice: what they were when the
// program begins, and what they are once it has exported them.
func (b *builder) stack(m metadata, outputs bool) {
	if m.Old != nil && len(m.Old.Outputs) > 0 {
		b.p.Outputs.Before = hidden(m.Old.Outputs)
	}
	if !outputs || m.New == nil {
		return
	}
	if b.begun {
		b.p.Outputs.After, b.p.Outputs.Told = hidden(m.New.Outputs), true
	}
	b.begun = true
}

func (b *builder) say(d diagnostic) {
	if d.Severity != "warning" && d.Severity != "error" {
		return
	}
	said := Said{Error: d.Severity == "error", Message: tidy(d.Prefix + d.Message)}
	if d.URN != "" && kindOf(d.URN) != stackType {
		said.About = nameOf(d.URN)
	}
	if said.Message != "" && said.Message != "preview failed" && !slices.Contains(b.p.Said, said) {
		b.p.Said = append(b.p.Said, said)
	}
}

func (s *state) read() *State {
	if s == nil {
		return nil
	}
	return &State{Inputs: hidden(s.Inputs), Outputs: hidden(s.Outputs), Protect: s.Protect, Retain: s.Retain}
}

// kindOf is the type in a URN: the last of its types.
func kindOf(urn string) string {
	parts := strings.Split(urn, "::")
	if len(parts) < 4 {
		return ""
	}
	return parts[2][strings.LastIndex(parts[2], "$")+1:]
}
