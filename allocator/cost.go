package allocator

import (
	"slices"
	"time"
)

// Rate is what a machine costs an hour, in US dollars without tax, and where that was
// read, for people.
type Rate struct {
	USD    float64
	Beside float64 // what its volume and address are of that
	From   string
}

// Rates says what machines cost.
type Rates interface {
	// Hourly is what a machine of a pool and a type costs. Not ok where nobody knows.
	Hourly(pool, kind string, spot bool) (r Rate, ok bool)
}

// Cost is what machines cost, in US dollars.
type Cost struct {
	SoFar  float64 // since each was launched
	Hourly float64 // of those that run now
	// AtEnd is what all of it will be at the end of the workshop, if nothing changes;
	// 0 where it has none.
	AtEnd float64
	// Unknown are machines whose price nobody knows: what they cost is in none of it.
	Unknown int
	From    []string // where the prices were read, each once
}

// MachineCost is what one machine costs, in US dollars.
type MachineCost struct {
	SoFar  float64 // since it was launched
	Hourly float64 // now; 0 once it has ended
	// AtEnd is what it will be at the end of its workshop, if it runs until then; 0 where
	// that has none, and once it has ended.
	AtEnd float64
	From  string // where the price was read
}

// CostOfMachine is what a machine costs whose workshop ends then, or never where that is
// zero. Not ok for one that was not launched, and where nobody knows.
func (s *Service) CostOfMachine(m Machine, ends time.Time) (MachineCost, bool) {
	r, ok := s.hourly(m)
	if m.LaunchedAt.IsZero() || !ok {
		return MachineCost{}, false
	}
	c, now := MachineCost{Hourly: r.USD, From: r.From}, s.Now()
	if m.State == Terminated {
		c.Hourly, now = 0, m.ChangedAt
	}
	c.SoFar = r.USD * max(0, now.Sub(m.LaunchedAt).Hours())
	if !ends.IsZero() && m.State != Terminated {
		c.AtEnd = c.SoFar + c.Hourly*max(0, ends.Sub(now).Hours())
	}
	return c, true
}

// CostOf is what a workshop's machines cost, those that have ended included.
func (s *Service) CostOf(w Workshop, machines []Machine) Cost {
	var c Cost
	for _, m := range machines {
		if m.LaunchedAt.IsZero() {
			continue
		}
		one, ok := s.CostOfMachine(m, time.Time{})
		if !ok {
			c.Unknown++
			continue
		}
		if !slices.Contains(c.From, one.From) {
			c.From = append(c.From, one.From)
		}
		c.Hourly += one.Hourly
		c.SoFar += one.SoFar
	}
	if w.State == Open && !w.EndsAt.IsZero() {
		c.AtEnd = c.SoFar + s.coming(w, machines, c.Hourly)
	}
	return c
}

// coming is what machines cost from now to the end of a workshop: those that run, and
// those that are still to be launched, each as dear as the pool's dearest.
func (s *Service) coming(w Workshop, machines []Machine, hourly float64) float64 {
	now := s.Now()
	usd := hourly * max(0, w.EndsAt.Sub(now).Hours())
	from := w.launchedAt(now)
	has := 0
	for _, m := range machines {
		if m.instead() {
			has++
		}
	}
	missing := max(0, w.Wanted(w.StartsAt, 0)-has)
	dearest, _ := s.dearest(w.Pool)
	return usd + float64(missing)*dearest*max(0, w.EndsAt.Sub(from).Hours())
}

// instead reports whether none is launched beside a machine: it was launched itself, or it
// is somebody's own and serves.
func (m Machine) instead() bool {
	if m.Own() {
		return m.Leaving == "" && (m.State == Ready || m.State == Assigned || m.State == Draining)
	}
	return !m.LaunchedAt.IsZero() && m.State != Terminating && m.State != Terminated
}

func (s *Service) hourly(m Machine) (Rate, bool) {
	if s.Rates == nil {
		return Rate{}, false
	}
	return s.Rates.Hourly(m.Pool, m.Type, m.Spot)
}
