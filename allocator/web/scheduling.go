package web

import (
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// nextShown is how many of a schedule's next workshops are told.
const nextShown = 3

// scheduleLine is a schedule in a list.
type scheduleLine struct {
	api.Schedule
	// Pattern is its rule in parts, nil for one that has others.
	Pattern *allocator.Pattern
	Coming  []time.Time
	Until   time.Time // zero for no end
}

// scheduleLine is a schedule with so many of its next workshops.
func (s *server) scheduleLine(sc allocator.Schedule, next int) scheduleLine {
	out := scheduleLine{Schedule: s.schedule(sc), Coming: sc.Coming(s.Service.Now(), next)}
	if p, ok := sc.Pattern(); ok {
		out.Pattern, out.Until = &p, p.Until
	}
	return out
}

// Clock is when its workshops begin, on the clock of its zone.
func (l scheduleLine) Clock() string {
	first, err := time.Parse("2006-01-02T15:04", l.First)
	if err != nil {
		return l.First
	}
	return first.Format("15:04")
}

// Lasts is how long each goes on, in seconds.
func (l scheduleLine) Lasts() int { return l.Minutes * 60 }
