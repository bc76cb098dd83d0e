package price

import (
	"cmp"
	"context"
	"slices"
)

// Source knows what things cost.
type Source interface {
	// Prices are those of things in a Region, each with its origin. What the source
	// does not know is left out; an error says why something may be missing, and what
	// was found counts all the same.
	Prices(ctx context.Context, region string, things []Thing) (map[Thing]Price, error)
}

// Quote is what things cost in a Region, each by one source. It does not change.
type Quote struct {
	prices  map[Thing]Price
	refused []error
}

// Ask takes the price of each thing from the first source that has it. A source is
// asked for what those before it do not have.
func Ask(ctx context.Context, region string, things []Thing, sources ...Source) Quote {
	q := Quote{prices: map[Thing]Price{}}
	left := slices.Compact(slices.Sorted(slices.Values(things)))
	for _, s := range sources {
		if len(left) == 0 {
			break
		}
		found, err := s.Prices(ctx, region, left)
		if err != nil {
			q.refused = append(q.refused, err)
		}
		left = slices.DeleteFunc(left, func(t Thing) bool {
			p, ok := found[t]
			if ok {
				q.prices[t] = p
			}
			return ok
		})
	}
	return q
}

// Price is what a thing costs. It is not ok where that is not known.
func (q Quote) Price(t Thing) (Price, bool) {
	p, ok := q.prices[t]
	return p, ok
}

// Refused is why sources did not say all that they were asked.
func (q Quote) Refused() []error { return q.refused }

// Part are the things of a quote that have one origin.
type Part struct {
	From   Origin
	Things []Thing // sorted
}

// Parts are the things that have a price, by where that comes from: the origin of
// most things first.
func (q Quote) Parts(things []Thing) []Part {
	var out []Part
	for _, t := range slices.Compact(slices.Sorted(slices.Values(things))) {
		p, ok := q.prices[t]
		if !ok {
			continue
		}
		at := slices.IndexFunc(out, func(part Part) bool { return part.From == p.From })
		if at < 0 {
			at, out = len(out), append(out, Part{From: p.From})
		}
		out[at].Things = append(out[at].Things, t)
	}
	slices.SortFunc(out, func(a, b Part) int {
		return cmp.Or(cmp.Compare(len(b.Things), len(a.Things)), cmp.Compare(a.From, b.From))
	})
	return out
}
