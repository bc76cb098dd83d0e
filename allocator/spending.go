package allocator

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// longestSpending is how much of the past is told at once.
const longestSpending = 400 * 24 * time.Hour

// Spending is what machines cost between two times, by day and by workshop.
type Spending struct {
	From, To  time.Time // To is at most now
	USD       float64
	Days      []DaySpending // all of them, the first day first
	Workshops []WorkshopSpending
	// Unknown are machines whose price nobody knows: what they cost is in none of it.
	Unknown int
	Prices  []string // where the prices were read, each once
}

// DaySpending is what machines cost on a day, UTC.
type DaySpending struct {
	Begin time.Time
	USD   float64
	// ByWorkshop is that by the workshops' ids.
	ByWorkshop map[string]float64
}

// WorkshopSpending is what a workshop's machines cost.
type WorkshopSpending struct {
	ID       string
	USD      float64
	Hours    float64 // of all its machines together
	Machines int
}

// Spending is what all machines cost between two times, the second at most now.
func (s *Service) Spending(ctx context.Context, from, to time.Time) (Spending, error) {
	to = Earlier(to, s.Now())
	if earliest := to.Add(-longestSpending); from.Before(earliest) {
		from = earliest
	}
	from = from.UTC().Truncate(24 * time.Hour)
	out := Spending{From: from, To: to, Days: days(from, to)}
	spells, err := s.Store.Spells(ctx, from)
	if err != nil {
		return out, err
	}
	workshops := map[string]*WorkshopSpending{}
	for _, spell := range spells {
		hours := spell.until(to).hours(from, to)
		if hours == 0 {
			continue
		}
		w := workshops[spell.WorkshopID]
		if w == nil {
			w = &WorkshopSpending{ID: spell.WorkshopID}
			workshops[spell.WorkshopID] = w
		}
		w.Machines++
		w.Hours += hours
		rate, known := s.hourly(Machine{Pool: spell.Pool, Type: spell.Type, Spot: spell.Spot})
		if !known {
			out.Unknown++
			continue
		}
		if !slices.Contains(out.Prices, rate.From) {
			out.Prices = append(out.Prices, rate.From)
		}
		w.USD += rate.USD * hours
		out.USD += rate.USD * hours
		spell.spread(out.Days, rate.USD, to)
	}
	for _, w := range workshops {
		out.Workshops = append(out.Workshops, *w)
	}
	slices.SortFunc(out.Workshops, func(a, b WorkshopSpending) int {
		return cmp.Or(cmp.Compare(b.USD, a.USD), cmp.Compare(b.Hours, a.Hours), cmp.Compare(a.ID, b.ID))
	})
	return out, nil
}

// days are the days between two times, without what they cost.
func days(from, to time.Time) (out []DaySpending) {
	for begin := from; begin.Before(to); begin = begin.AddDate(0, 0, 1) {
		out = append(out, DaySpending{Begin: begin, ByWorkshop: map[string]float64{}})
	}
	return out
}

// spread adds what a spell costs to the days on which it was.
func (s Spell) spread(all []DaySpending, hourly float64, to time.Time) {
	for i, day := range all {
		over := Earlier(day.Begin.AddDate(0, 0, 1), to)
		if usd := hourly * s.until(over).hours(day.Begin, over); usd > 0 {
			all[i].USD += usd
			all[i].ByWorkshop[s.WorkshopID] += usd
		}
	}
}
