package preview

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// interruptions says what each replacement interrupts, and what else does. Steps
// of the same effect are one row.
func (p *Preview) interruptions(changes []Step) section {
	type effect struct {
		Effect
		names []string
	}
	var rows []effect
	keeps := true
	for _, s := range changes {
		e, ok := s.effect()
		if !ok {
			continue
		}
		keeps = keeps && !e.Loses && e.HowLong != tillEnd
		name := code(s.Name) + " " + says(s.Op)
		if at := slices.IndexFunc(rows, func(r effect) bool { return r.Effect == e }); at >= 0 {
			rows[at].names = append(rows[at].names, name)
			continue
		}
		rows = append(rows, effect{e, []string{name}})
	}
	slices.SortStableFunc(rows, func(a, b effect) int { return cmp.Compare(weight(a.Effect), weight(b.Effect)) })
	s := section{title: "What this interrupts", table: "| what | interrupts | for how long |\n|---|---|---|"}
	for _, r := range rows {
		if keeps && r.Keeps != "" {
			r.Stops += ". " + r.Keeps
		}
		s.lines = append(s.lines, fmt.Sprintf("| %s | %s | %s |", strings.Join(r.names, ", "), plain(r.Stops), r.HowLong))
	}
	return s
}

// weight orders effects: losses first, and what nobody notices last.
func weight(e Effect) int {
	switch {
	case e.Loses:
		return 0
	case e.HowLong == nothing:
		return 2
	}
	return 1
}

// drift is what is not as the last deployment left it.
func (p *Preview) drift() section {
	s := section{title: "Drift: changed by somebody else since the last deployment"}
	for _, d := range p.Drifted() {
		if d.New == nil {
			s.lines = append(s.lines, fmt.Sprintf("- %s (%s) is not there any more", code(d.Name), short(d.Type)))
			continue
		}
		s.lines = append(s.lines, fmt.Sprintf("- %s (%s): %s", code(d.Name), short(d.Type), properties(d)))
	}
	return s
}

// unfolded is how many resources of a component are shown without a click.
const unfolded = 5

// components is all that changes, by component.
func components(changes []Step) []section {
	var out []section
	for from := 0; from < len(changes); {
		to := from
		for to < len(changes) && changes[to].Component() == changes[from].Component() {
			to++
		}
		group := changes[from:to]
		s := section{title: code(group[0].Component()) + ": " + count(group), fold: len(group) > unfolded}
		if s.fold {
			s.title = fmt.Sprintf("<code>%s</code>: %s", plain(group[0].Component()), count(group))
		}
		for _, step := range group {
			s.lines = append(s.lines, describe(step))
		}
		out = append(out, s)
		from = to
	}
	return out
}

func describe(s Step) string {
	line := fmt.Sprintf("- **%s** %s (%s)", says(s.Op), code(s.Name), short(s.Type))
	if what := properties(s); what != "" && (s.Op == "update" || s.Op == "replace") {
		line += ": " + what
	}
	if s.Op == "delete" && s.Old != nil && s.Old.Retain {
		line += ": it stays in the account, and is nobody's any more"
	}
	return line
}

// properties are those that change.
func properties(s Step) string {
	names := s.Changed
	for _, name := range s.Replaces {
		if !slices.Contains(names, name) {
			names = append(slices.Clone(names), name)
		}
	}
	var out []string
	for _, name := range names {
		out = append(out, s.difference(name))
	}
	if len(out) == 0 && s.Op == "replace" {
		return "with what it belongs to"
	}
	return strings.Join(out, "; ")
}

// short is a type as people say it: ec2 Instance.
func short(typ string) string {
	parts := strings.Split(typ, ":")
	if len(parts) < 3 {
		return typ
	}
	module, _, _ := strings.Cut(parts[1], "/")
	if module == "index" {
		module = parts[0]
	}
	return module + " " + parts[2]
}
