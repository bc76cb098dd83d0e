package preview

import (
	"fmt"
	"math"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// costs is what the stack costs a month, before and after.
func (p *Preview) costs() section {
	c := p.Costs()
	s := section{title: "Cost a month, without machines"}
	of := ""
	if !p.Whole {
		of = " This preview tells of what changes alone: the difference is right, the sums are without the rest of the stack."
	}
	s.lines = append(s.lines, fmt.Sprintf("%s → **%s** (%s).%s", usd(c.Before), usd(c.After), signed(c.After-c.Before), of))
	if len(c.NotKnown) > 0 {
		s.lines = append(s.lines, "", "Not known, and not in the sums: "+plain(strings.Join(c.NotKnown, ", "))+".")
	}
	s.lines = append(s.lines, "", "Beside it, by use: "+p.byUse()+". "+plain(price.Source)+".")
	return s
}

// byUse is what is paid for by use, with its price.
func (p *Preview) byUse() string {
	things := []struct {
		thing price.Thing
		typ   string // that is there when it is paid for; "" for always
	}{
		{price.Traffic, ""}, {price.Bucket, ""}, {price.LoadUnit, "aws:lb/loadBalancer:LoadBalancer"}, {price.NATTraffic, "aws:ec2/natGateway:NatGateway"},
		{price.Snapshot, "aws:dlm/lifecyclePolicy:LifecyclePolicy"},
	}
	var out []string
	for _, t := range things {
		if t.typ != "" && !p.has(t.typ) {
			continue
		}
		found, ok := price.In(p.Region(), t.thing)
		if !ok {
			out = append(out, string(t.thing)+" (price not known)")
			continue
		}
		out = append(out, fmt.Sprintf("%s $%v per %s", t.thing, found.USD, found.Per))
	}
	return strings.Join(out, ", ")
}

func (p *Preview) has(typ string) bool {
	return len(p.steps(func(s Step) bool { return s.Type == typ && s.Op != "delete" })) > 0
}

// costLines is where the difference comes from.
func (p *Preview) costLines() section {
	s := section{title: "Where the cost changes", table: "| what | before | after | for |\n|---|---|---|---|", fold: true}
	for _, l := range p.Costs().Lines {
		s.lines = append(s.lines, fmt.Sprintf("| %s | %s | %s | %s |", code(l.Name), usd(l.Before), usd(l.After), plain(l.What)))
	}
	return s
}

// machines is what machines of pools cost while they run.
func (p *Preview) machines() section {
	s := section{title: "Cost of machines while they run", table: "| pool | a machine | before, an hour | after, an hour | all of them, an hour |\n|---|---|---|---|---|"}
	for _, m := range p.Machines() {
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
		if strings.HasPrefix(m.Market, "spot") {
			kind += ", at most: the spot market asks less"
		}
		s.lines = append(s.lines, fmt.Sprintf("| %s | %s | %s | %s | %s |", plain(m.Pool), plain(kind), hourly(m.Before), hourly(m.After), all))
	}
	return s
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
