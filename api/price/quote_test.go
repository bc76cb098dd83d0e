package price_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// some is a source that knows some things, and refuses where it says why.
type some struct {
	knows map[price.Thing]price.Price
	why   error
	asked []price.Thing
}

func (s *some) Prices(_ context.Context, _ string, things []price.Thing) (map[price.Thing]price.Price, error) {
	s.asked = slices.Clone(things)
	return s.knows, s.why
}

func TestEachPriceHasOneSourceAndAQuoteSaysWhich(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		thing := rapid.Custom(func(t *rapid.T) price.Thing { return rapid.SampledFrom(price.Things()).Draw(t, "thing") })
		var sources []price.Source
		var known []*some
		for n := range rapid.IntRange(0, 3).Draw(t, "sources") {
			s := &some{knows: map[price.Thing]price.Price{}}
			for _, thing := range rapid.SliceOf(thing).Draw(t, "known") {
				s.knows[thing] = price.Price{USD: rapid.Float64Range(0.001, 10).Draw(t, "usd"), Per: price.Hour, From: price.Origin(fmt.Sprint("source ", n))}
			}
			sources, known = append(sources, s), append(known, s)
		}
		asked := rapid.SliceOf(thing).Draw(t, "asked")
		q := price.Ask(t.Context(), "us-west-2", asked, sources...)

		from := map[price.Thing]price.Origin{}
		for _, part := range q.Parts(asked) {
			for _, thing := range part.Things {
				if other, twice := from[thing]; twice {
					t.Fatalf("%s is of %s and of %s", thing, other, part.From)
				}
				from[thing] = part.From
			}
		}
		for _, thing := range asked {
			var want price.Price
			has := false
			for n := 0; n < len(known) && !has; n++ {
				want, has = known[n].knows[thing]
			}
			got, ok := q.Price(thing)
			if ok != has || got != want || from[thing] != want.From {
				t.Fatalf("%s costs %+v (%t), said to be of %q: the first source that has it says %+v (%t)", thing, got, ok, from[thing], want, has)
			}
		}
		if len(from) > len(asked) {
			t.Fatalf("%v was not asked for", slices.Sorted(maps.Keys(from)))
		}
	})
}

func TestASourceIsAskedForWhatThoseBeforeItLack(t *testing.T) {
	refused := errors.New("half of it is missing")
	first := &some{knows: map[price.Thing]price.Price{price.Volume: {USD: 1, Per: price.GiBMonth, From: "a"}}, why: refused}
	second := &some{knows: map[price.Thing]price.Price{price.NAT: {USD: 2, Per: price.Hour, From: "b"}, price.Volume: {USD: 3, From: "b"}}}
	third := &some{}
	q := price.Ask(t.Context(), "us-west-2", []price.Thing{price.Volume, price.NAT, price.NAT}, first, second, third)
	assert.Equal(t, []price.Thing{price.NAT, price.Volume}, first.asked)
	assert.Equal(t, []price.Thing{price.NAT}, second.asked)
	assert.Empty(t, third.asked, "nothing is left")
	p, ok := q.Price(price.Volume)
	assert.True(t, ok)
	assert.Equal(t, price.Origin("a"), p.From, "what came before the error counts")
	assert.Equal(t, []error{refused}, q.Refused())
	assert.Equal(t, []price.Part{{From: "a", Things: []price.Thing{price.Volume}}, {From: "b", Things: []price.Thing{price.NAT}}}, q.Parts([]price.Thing{price.Volume, price.NAT, price.Key}))
}
