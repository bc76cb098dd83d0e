package preview

import (
	"fmt"
	"math"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// costs is what the stack costs a month, before and after.
func (p *Preview) costs(q price.Quote) section {
	c := p.Costs(q)
	s := section{title: "Cost a month, without machines"}
	of := ""
	if !p.Whole {
		of = " This preview tells of what changes alone: the difference is right, the sums are without the rest of the stack."
	}
	s.lines = append(s.lines, fmt.Sprintf("%s → **%s** (%s).%s", usd(c.Before), usd(c.After), signed(c.After-c.Before), of))
	if len(c.NotKnown) > 0 {
		s.lines = append(s.lines, "", "Not known, and not in the sums: "+plain(strings.Join(c.NotKnown, ", "))+".")
	}
	s.lines = append(s.lines, "", "Beside it, by use: "+p.byUse(q)+".", "", plain(p.sources(q)))
	return s
}

func (p *Preview) has(typ string) bool {
	return len(p.steps(func(s Step) bool { return s.Type == typ && s.Op != "delete" })) > 0
}

// costLines is where the difference comes from.
func (p *Preview) costLines(q price.Quote) section {
	s := section{title: "Where the cost changes", table: "| what | before | after | for |\n|---|---|---|---|", fold: true}
	for _, l := range p.Costs(q).Lines {
		s.lines = append(s.lines, fmt.Sprintf("| %s | %s | %s | %s |", code(l.Name), usd(l.Before), usd(l.After), plain(l.What)))
	}
	return s
}

// machines is what machines of pools cost while they run.
func (p *Preview) machines(q price.Quote) section {
	s := section{title: "Cost of machines while they run", table: "| pool | a machine | before, an hour | after, an hour | all of them, an hour |\n|---|---|---|---|---|"}
	for _, m := range p.Machines(q) {
		kind, all := m.After.Kind, "–"
		if kind == "" {
			kind = m.Before.Kind
		}
		if m.Before.Kind != "" && m.After.Kind != "" && m.Before.Kind != m.After.Kind {
			kind = m.Before.Kind + " → " + m.After.Kind
		}
		switch {
		case m.After.Kind == "":
		case m.Most == 0 || !m.After.Known:
			all = "not known"
		default:
			all = fmt.Sprintf("%s for %d", usd(m.After.USD*float64(m.Most)), m.Most)
		}
		s.lines = append(s.lines, fmt.Sprintf("| %s | %s | %s | %s | %s |", plain(m.Pool), plain(kind+m.beside()), hourly(m.Before), hourly(m.After), all))
	}
	return s
}

// beside is what a machine may cost else: on the spot market, or as another of the
// pool's types where the first is not to be had.
func (m Machine) beside() string {
	out := ""
	switch {
	case m.Spot.Known:
		out = fmt.Sprintf(", at most: the spot market asks %s now", usd(m.Spot.USD))
	case onSpot(m.Market):
		out = ", at most: the spot market asks less"
	}
	var others []string
	for _, o := range m.Others {
		if o.Known {
			others = append(others, o.Kind+" for "+usd(o.USD))
		} else {
			others = append(others, o.Kind+" (price not known)")
		}
	}
	if len(others) > 0 {
		out += "; or " + strings.Join(others, ", ")
	}
	return out
}

func hourly(h Hourly) string {
	switch {
	case h.Kind == "":
		return "–"
	case !h.Known:
		return "not known"
	}
	return usd(h.USD)
}

func usd(v float64) string { return fmt.Sprintf("$%.2f", v) }

func signed(v float64) string {
	switch {
	case math.Abs(v) < 0.005:
		return "no difference"
	case v < 0:
		return "−" + usd(-v)
	}
	return "+" + usd(v)
}
