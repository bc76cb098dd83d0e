package preview

import (
	"fmt"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// Marker is the first line of a stack's comment. By it a workflow finds the one to
// write over; nobody sees it.
func Marker(stack string) string { return "<!-- lablink preview " + stack + " -->" }

// Comment is the preview of a stack in Markdown, at most Limit long. The quote is
// of its Things.
func (p *Preview) Comment(stack string, q price.Quote) string {
	changes := p.Changes()
	head := fmt.Sprintf("%s\n## Preview of %s: %s\n", Marker(stack), code(stack), p.headline(changes))
	sections := []section{p.refusals(), p.warnings(), p.interruptions(changes)}
	if p.complete() {
		sections = append(sections, p.costs(q), p.machines(q), p.outputs())
	}
	sections = append(sections, p.drift())
	sections = append(sections, components(changes)...)
	if p.complete() {
		sections = append(sections, p.costLines(q))
	}
	return fit(head+p.verdict(changes), sections, Limit)
}

// complete reports whether what the preview holds is all that would happen.
func (p *Preview) complete() bool { return p.Ended && !p.Failed() }

func (p *Preview) headline(changes []Step) string {
	if !p.complete() {
		return "this cannot be deployed"
	}
	says := count(changes)
	switch n := len(p.Outputs.Changes()); {
	case n == 1:
		says += ", 1 output changes"
	case n > 1:
		says += fmt.Sprintf(", %d outputs change", n)
	}
	if n := len(p.Drifted()); n > 0 {
		says += fmt.Sprintf(", drift in %d", n)
	}
	return says
}

// verdict is what a reviewer wants to know first.
func (p *Preview) verdict(changes []Step) string {
	var lines []string
	for _, s := range changes {
		if e, ok := s.effect(); ok && e.Loses {
			is := "is"
			if p.Failed() {
				is = "would be"
			}
			lines = append(lines, fmt.Sprintf("**Something %s lost for good**: %s %s %s. See below what that takes away.", is, code(s.Name), is, says(s.Op)))
		}
	}
	switch {
	case p.Failed():
		lines = append(lines, "**The preview failed**, and so would the deployment. What is below it may not be all.")
	case !p.Ended:
		lines = append(lines, "**The preview did not come to its end**: what is below may not be all.")
	default:
		lines = append(lines, "No guardrail refuses it, and the settings are right.")
	}
	if breaks := p.breaking(); len(breaks) > 0 {
		lines = append(lines, "**The contract with readers of the outputs breaks**: "+strings.Join(breaks, ", ")+".")
	}
	if len(lines) == 0 {
		return ""
	}
	return "\n" + strings.Join(lines, "\n\n") + "\n"
}

func says(op string) string { return verbs[rank(op)].says }

// longestMessage is how many bytes of what the program says are shown.
const longestMessage = 12_000

// refusals are the errors, in the program's words.
func (p *Preview) refusals() section {
	s := section{title: "What refuses it"}
	for _, said := range p.Said {
		if !said.Error {
			continue
		}
		what := ""
		switch {
		case strings.HasPrefix(said.Message, "guardrails refuse"):
			what = "A guardrail speaks:\n\n"
		case strings.Contains(said.Message, "nothing was deployed:"):
			what = "The settings are not right:\n\n"
		}
		if said.About != "" {
			s.lines = append(s.lines, fmt.Sprintf("%s%s %s\n", what, code(said.About), plain(cut(said.Message, longestMessage))))
			continue
		}
		s.lines = append(s.lines, what+block(cut(said.Message, longestMessage)))
	}
	return s
}

// warnings are what the program says beside, once each.
func (p *Preview) warnings() section {
	s := section{title: "Warnings"}
	for _, said := range p.Said {
		if !said.Error {
			about := ""
			if said.About != "" {
				about = code(said.About) + ": "
			}
			s.lines = append(s.lines, "- "+about+plain(cut(said.Message, longestMessage)))
		}
	}
	return s
}
