package preview

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// Cost is what a stack costs a month, without its machines and without what is by
// use.
type Cost struct {
	Before, After float64 // USD, without what is not known
	Lines         []Line  // of what changes
	// NotKnown are the things whose price is not known, with what needs them.
	NotKnown []string
}

// Line is what one resource costs.
type Line struct {
	Name          string
	Before, After float64
	What          string // what is paid for afterwards, or before when that is all
}

// part is an amount of something that has a price.
type part struct {
	thing price.Thing
	n     float64
}

// side is the stack before or after.
type side struct {
	p      *Preview
	before bool
}

// state is a step's on this side; nil where there is none.
func (v side) state(s Step) *State {
	switch {
	case v.before && s.Op != "create":
		return s.Old
	case !v.before && s.Op != "delete":
		return s.New
	}
	return nil
}

// Costs adds up what the resources of the preview cost.
func (p *Preview) Costs(q price.Quote) Cost {
	var c Cost
	missing := map[string]bool{}
	before, after := side{p, true}, side{p, false}
	for _, s := range p.planned() {
		l := Line{Name: s.Name}
		var was string
		l.Before, was = before.cost(s, q, missing)
		l.After, l.What = after.cost(s, q, missing)
		c.Before, c.After = c.Before+l.Before, c.After+l.After
		if l.Before == l.After && was == l.What {
			continue
		}
		l.What = cmp.Or(l.What, was)
		c.Lines = append(c.Lines, l)
	}
	c.NotKnown = slices.Sorted(maps.Keys(missing))
	return c
}

// paid are the parts that there is something of.
func (v side) paid(s *State, typ string) []part {
	return slices.DeleteFunc(v.parts(typ, s.Inputs), func(p part) bool { return p.n == 0 })
}

// cost is what a resource costs a month, and for what. What is not known is put
// down in missing.
func (v side) cost(s Step, q price.Quote, missing map[string]bool) (usd float64, what string) {
	state := v.state(s)
	if state == nil {
		return 0, ""
	}
	var list []string
	for _, part := range v.paid(state, s.Type) {
		found, ok := q.Price(part.thing)
		month, monthly := found.Monthly(part.n)
		if !ok || !monthly || math.IsNaN(part.n) {
			missing[fmt.Sprintf("%s (`%s`)", part.thing, s.Name)] = true
			continue
		}
		usd += month
		list = append(list, amount(part, found))
	}
	return usd, strings.Join(list, ", ")
}

// amount is "20 GiB of gp3 volume" or "2 × alarm".
func amount(p part, found price.Price) string {
	switch {
	case found.Per == price.GiBMonth:
		return fmt.Sprintf("%v GiB of %s", p.n, p.thing)
	case p.n != 1:
		return fmt.Sprintf("%v × %s", p.n, p.thing)
	}
	return string(p.thing)
}
