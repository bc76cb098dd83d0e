package allocator

import (
	"context"
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// forecast is a workshop that somebody thinks about, with what it takes.
type forecast struct {
	Workshop
	pool     Pool
	machines int
	hours    float64 // of each; 0 without an end
	hourly   float64 // of all, at most; 0 where nobody knows it
	from     []string
}

// Estimate says what a workshop would cost, and what may not allow it. It opens nothing.
// Invalid for what cannot be a workshop, but for more machines than its pool holds: that
// is among the limits.
func (s *Service) Estimate(ctx context.Context, n api.NewWorkshop) (api.Estimate, error) {
	f, err := s.forecast(n)
	if err != nil {
		return api.Estimate{}, err
	}
	out := api.Estimate{Machines: f.machines, From: append([]string{}, f.from...)}
	if !f.EndsAt.IsZero() {
		out.Hours = &f.hours
	}
	if f.hourly > 0 {
		out.Hourly = &f.hourly
	}
	if f.hourly > 0 && !f.EndsAt.IsZero() {
		out.Total = new(f.total())
	}
	out.Limits, err = s.limits(ctx, f)
	return out, err
}

// forecast is the workshop that is asked for, if it had a name. Each of its machines is
// counted as the dearest of the pool's types.
func (s *Service) forecast(n api.NewWorkshop) (forecast, error) {
	seats, spares := n.Seats, n.Spares
	if seats < 1 || spares < 0 {
		return forecast{}, api.Problemf(api.Invalid, "How many people are there?", "A workshop has one seat at least, and spare machines or none.")
	}
	n.Name, n.Seats, n.Spares, n.Warm, n.Roster = "a workshop", 1, 0, nil, nil
	w, _, err := s.workshopOf(n)
	if err != nil {
		return forecast{}, err
	}
	w.Seats, w.Warm, w.Spares = seats, seats, spares
	f := forecast{Workshop: w, machines: seats + spares}
	f.pool, _ = s.Pool(w.Pool)
	if !w.EndsAt.IsZero() {
		f.hours = max(0, w.EndsAt.Sub(w.launchedAt(s.Now())).Hours())
	}
	dearest, from := s.dearest(w.Pool)
	f.hourly, f.from = dearest*float64(f.machines), from
	return f, nil
}

func (f forecast) total() float64 { return f.hourly * f.hours }

// launchedAt is when a workshop's machines are launched, as seen at a time.
func (w Workshop) launchedAt(now time.Time) time.Time {
	if at := w.LaunchesAt(); at.After(now) {
		return at
	}
	return now
}

// dearest is what the dearest machine of a pool costs an hour of those that may be launched,
// and where its types' prices were read; 0 where nobody knows. Where none may be, all count.
func (s *Service) dearest(pool string) (usd float64, from []string) {
	p, _ := s.Pool(pool)
	kinds := s.asked(p)
	look := func(all []string, spot bool) {
		for _, kind := range all {
			r, ok := s.hourly(Machine{Pool: pool, Type: kind, Spot: spot})
			if !ok {
				continue
			}
			usd = max(usd, r.USD)
			if !slices.Contains(from, r.From) {
				from = append(from, r.From)
			}
		}
	}
	look(kinds.OnDemand, false)
	if len(kinds.OnDemand) == 0 { // which cost no less
		look(kinds.Spot, true)
	}
	return usd, from
}
