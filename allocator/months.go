package allocator

import (
	"context"
	"time"
)

// MonthCost is what all machines cost in a calendar month, UTC.
type MonthCost struct {
	Begin time.Time
	USD   float64 // so far, where the month goes on
	// AtEnd is what it will be at the end of the month if no machine is launched any more
	// and none ends before its workshop does.
	AtEnd float64
}

// CostsByMonth is what all machines cost in each of so many months, this one first.
func (s *Service) CostsByMonth(ctx context.Context, months int) ([]MonthCost, error) {
	now := s.Now()
	this := month(now)
	spells, err := s.Store.Spells(ctx, this.AddDate(0, 1-months, 0))
	if err != nil {
		return nil, err
	}
	open, err := s.Store.OpenWorkshops(ctx)
	if err != nil {
		return nil, err
	}
	ends := map[string]time.Time{}
	for _, w := range open {
		ends[w.ID] = w.EndsAt
	}
	var out []MonthCost
	for i := range months {
		m := MonthCost{Begin: this.AddDate(0, -i, 0)}
		over := m.Begin.AddDate(0, 1, 0)
		for _, spell := range spells {
			m.USD += s.costs(spell.until(Earlier(now, over)), m.Begin, now)
			m.AtEnd += s.costs(spell.until(Earlier(over, ends[spell.WorkshopID])), m.Begin, over)
		}
		m.AtEnd = max(m.AtEnd, m.USD) // a workshop that is over may have machines that end
		out = append(out, m)
	}
	return out, nil
}

// until is the part of a spell before a time.
func (s Spell) until(end time.Time) Spell {
	s.To = Earlier(end, s.To)
	return s
}
