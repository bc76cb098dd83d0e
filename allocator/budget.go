package allocator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// warnAt is at which share of a budget it is told.
	warnAt = 0.8
	// capWarning is how long people are told before a budget that is used up takes the
	// machines that they hold.
	capWarning = 15 * time.Minute
)

// Budget is what the deployment's machines may cost in a calendar month, UTC.
type Budget struct {
	MonthlyUSD float64 // 0: there is none
	// HardCap ends machines where a budget is used up; without it none are launched.
	HardCap bool
}

// Spell is how long a machine was there.
type Spell struct {
	WorkshopID, Pool, Type string
	Spot                   bool
	From                   time.Time
	To                     time.Time // zero while it is there
}

// hours is how much of a spell lies after since, until now where it goes on.
func (s Spell) hours(since, now time.Time) float64 {
	from, to := s.From, s.To
	if from.Before(since) {
		from = since
	}
	if to.IsZero() {
		to = now
	}
	return max(0, to.Sub(from).Hours())
}

// Spent is how much of a budget is used up.
type Spent struct{ USD, Of float64 }

// Over reports whether all of it is.
func (s Spent) Over() bool { return s.Of > 0 && s.USD >= s.Of }

// Warns reports whether nearly all of it is.
func (s Spent) Warns() bool { return s.Of > 0 && s.USD >= warnAt*s.Of }

// month is when the month of a time begins.
func month(t time.Time) time.Time {
	t = t.UTC()
	return time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
}

// SpentThisMonth is how much of the deployment's budget is used up.
func (s *Service) SpentThisMonth(ctx context.Context) (Spent, error) {
	now := s.Now()
	spells, err := s.Store.Spells(ctx, month(now))
	return s.spentSince(spells, month(now), now), err
}

func (s *Service) spentSince(spells []Spell, since, now time.Time) Spent {
	out := Spent{Of: s.Budget.MonthlyUSD}
	for _, spell := range spells {
		out.USD += s.costs(spell, since, now)
	}
	return out
}

// costs is what a spell costs after since. What nobody knows the price of costs nothing.
func (s *Service) costs(spell Spell, since, now time.Time) float64 {
	r, _ := s.hourly(Machine{Pool: spell.Pool, Type: spell.Type, Spot: spell.Spot})
	return r.USD * spell.hours(since, now)
}

// overBudget begins the trouble of a workshop whose budget is used up.
const overBudget = "The budget is used up: "

// capped says which workshops may launch no more, and why.
func (s *Service) capped(workshops []Workshop, spells []Spell, now time.Time) map[string]string {
	out := map[string]string{}
	whole := s.spentSince(spells, month(now), now).Over()
	for _, w := range workshops {
		own := Spent{Of: w.BudgetUSD}
		for _, spell := range spells {
			if spell.WorkshopID == w.ID {
				own.USD += s.costs(spell, time.Time{}, now)
			}
		}
		switch {
		case own.Over():
			out[w.ID] = fmt.Sprintf("%sthis workshop may cost $%.2f. Raise its budget (\"Change it\" on its page, or lablink change), or end it.", overBudget, w.BudgetUSD)
		case whole:
			out[w.ID] = fmt.Sprintf("%sall machines may cost $%.2f a month. It counts anew on %s, or raise budget.monthlyUsd in the stack's settings.",
				overBudget, s.Budget.MonthlyUSD, month(now).AddDate(0, 1, 0).Format("2 January"))
		}
	}
	return out
}

// watchBudget finds whose budget is used up, and keeps since when. While the clock
// cannot be trusted nobody knows what machines cost, and what was found before holds.
func (s *Service) watchBudget(ctx context.Context, in *Situation) error {
	in.HardCap, in.Capped = s.Budget.HardCap, map[string]string{}
	spells, err := s.spells(ctx, *in)
	if err != nil {
		return err
	}
	found := s.capped(in.Workshops, spells, in.Now)
	for i, w := range in.Workshops {
		why := found[w.ID]
		if in.ClockTrouble != "" {
			if !w.CappedAt.IsZero() {
				in.Capped[w.ID] = cmp.Or(w.Trouble, overBudget+"nobody knows how much of it while the clock cannot be trusted.")
			}
			continue
		}
		if why != "" {
			in.Capped[w.ID] = why
		}
		since, withheld := w.CappedAt, why != "" && in.HardCap
		switch {
		case why == "":
			since = time.Time{}
		case since.IsZero():
			since = in.Now
			s.record(ctx, Allocator, "use up budget", w.ID, why)
		}
		if since.Equal(w.CappedAt) && withheld == w.Withheld {
			continue
		}
		if err := s.Store.CapWorkshop(ctx, w.ID, since, withheld); err != nil {
			return err
		}
		in.Workshops[i].CappedAt, in.Workshops[i].Withheld = since, withheld
	}
	return nil
}

// spells are read where there is a budget.
func (s *Service) spells(ctx context.Context, in Situation) ([]Spell, error) {
	if s.Budget.MonthlyUSD <= 0 && !slices.ContainsFunc(in.Workshops, func(w Workshop) bool { return w.BudgetUSD > 0 }) {
		return nil, nil
	}
	return s.Store.Spells(ctx, month(in.Now))
}

// CapEnds is when the machines that people hold end, as the budget of their workshop is
// used up; zero: they do not for that.
func (s *Service) CapEnds(seat Seat) time.Time {
	if !s.Budget.HardCap || seat.CappedAt.IsZero() {
		return time.Time{}
	}
	return seat.CappedAt.Add(capWarning)
}
