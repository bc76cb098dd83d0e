package allocator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// AddSchedule begins a schedule. Its first workshops are open at once.
func (s *Service) AddSchedule(ctx context.Context, by string, n api.NewSchedule) (Schedule, error) {
	now := s.Now()
	sc := Schedule{ID: newID("sch"), Rule: n.Rule, Zone: n.Zone, Lasts: time.Duration(n.Minutes) * time.Minute, Workshop: n.Workshop, By: by, CreatedAt: now}
	zone, err := time.LoadLocation(n.Zone)
	if err != nil {
		zone = time.UTC // refused below
	}
	if sc.First, err = time.ParseInLocation("2006-01-02T15:04", n.First, zone); err != nil {
		return sc, api.Problemf(api.Invalid, "That is no time", "%q: write the first begin as 2026-03-01T14:30, on the clock of the time zone.", n.First)
	}
	sc.First, sc.Through = sc.First.UTC(), now.Add(-sc.Lasts)
	if err := s.checkSchedule(sc); err != nil {
		return sc, err
	}
	if err := s.Store.AddSchedule(ctx, sc); err != nil {
		return sc, err
	}
	s.follow(ctx, by, "add schedule", sc.ID, fmt.Sprintf("%s: %s, first %s %s", sc.Workshop.Name, sc.Rule, n.First, sc.Zone))
	return sc, nil
}

// checkSchedule says what about a schedule cannot be.
func (s *Service) checkSchedule(sc Schedule) error {
	if sc.Lasts < time.Minute || sc.Lasts > longest {
		return api.Problemf(api.Invalid, "That is no length of time for a workshop", "It lasts at least a minute and at most a year.")
	}
	if sc.Workshop.StartsAt != nil || sc.Workshop.EndsAt != nil {
		return api.Problemf(api.Invalid, "The schedule says the times", "Leave starts_at and ends_at of the workshop out.")
	}
	now := s.Now()
	begins, err := sc.begins(now, now.Add(longest), 1)
	if err != nil {
		return err
	}
	if len(begins) == 0 {
		return api.Problemf(api.Invalid, "The schedule has no workshop", "By its rule none begins within a year from now.")
	}
	soon, err := sc.begins(begins[0].Add(-1), begins[0].Add(ahead), mostAhead+1)
	if err != nil {
		return err
	}
	atOnce, err := sc.begins(sc.Through, now.Add(ahead), mostAhead+1)
	if err != nil {
		return err
	}
	if max(len(soon), len(atOnce)) > mostAhead {
		return api.Problemf(api.Invalid, "The schedule has too many workshops", "At most %d may begin within two weeks or be open at once, and these are more.", mostAhead)
	}
	_, _, err = s.workshopOf(sc.at(begins[0]))
	return err
}

// at is the workshop that begins then.
func (s Schedule) at(begin time.Time) api.NewWorkshop {
	w, end := s.Workshop, begin.Add(s.Lasts)
	w.StartsAt, w.EndsAt = &begin, &end
	return w
}

// openScheduled opens the workshops that begin soon. One that is over already, as the
// allocator was down, is told.
func (s *Service) openScheduled(ctx context.Context) (opened bool, err error) {
	schedules, err := s.Store.Schedules(ctx)
	if err != nil {
		return false, err
	}
	var all []error
	for _, sc := range schedules {
		some, err := s.openNext(ctx, sc)
		if opened = opened || some; err != nil {
			all = append(all, fmt.Errorf("schedule %s: %w", sc.ID, err))
		}
	}
	return opened, errors.Join(all...)
}

// openNext opens what begins soon, in order. What cannot be opened is tried again at
// the next look, until it is over; meanwhile the schedule says why.
func (s *Service) openNext(ctx context.Context, sc Schedule) (opened bool, err error) {
	begins, err := sc.Begins(sc.Through, s.Now().Add(ahead))
	for _, begin := range begins {
		if err = s.occur(ctx, sc, begin); err != nil {
			break
		}
		sc.Through, sc.Trouble, opened = begin, "", true
	}
	if err == nil || api.CodeOf(err) == api.Conflict {
		return opened, nil // or another allocator was faster
	}
	why := reasonOf(err)
	if why == sc.Trouble {
		return opened, nil // it is told already
	}
	s.record(ctx, Allocator, "cannot open workshop", sc.ID, sc.Workshop.Name+": "+why)
	return opened, errors.Join(err, s.Store.TroubleSchedule(ctx, sc.ID, sc.Through, why))
}

// reasonOf is why something failed, as people may read it.
func reasonOf(err error) string {
	var p *api.Problem
	if errors.As(err, &p) {
		return p.Error()
	}
	return "the database did not take it; the allocator's log says more"
}

// down is why a workshop was missed that nothing stood in the way of.
const down = "the allocator was down"

func (s *Service) occur(ctx context.Context, sc Schedule, begin time.Time) error {
	if !begin.Add(sc.Lasts).After(s.Now()) {
		why := cmp.Or(sc.Trouble, down)
		if err := s.Store.Miss(ctx, sc.ID, sc.Through, begin, why); err != nil {
			return err
		}
		s.Log.Warn("a workshop of a schedule was over before it could be opened", "schedule", sc.ID, "begin", begin, "why", why)
		s.record(ctx, Allocator, "miss workshop", sc.ID, fmt.Sprintf("%s, %s: %s", sc.Workshop.Name, InUTC(begin), why))
		return nil
	}
	w, roster, err := s.workshopOf(sc.at(begin))
	if err != nil {
		return err
	}
	w.ScheduleID, w.StartsAt = sc.ID, begin // also when it has begun already
	if err := s.Store.OpenScheduled(ctx, w, roster, sc.Through); err != nil {
		return err
	}
	s.record(ctx, Allocator, "open workshop", w.ID, fmt.Sprintf("%s, of schedule %s: begins %s", w.Name, sc.ID, InUTC(begin)))
	return nil
}

// EndSchedule ends a schedule, and its workshops that have not begun. These come first:
// when it is cut short, the schedule is still there to be ended.
func (s *Service) EndSchedule(ctx context.Context, by, id string) error {
	if err := s.endComing(ctx, by, id); err != nil {
		return err
	}
	if err := s.Store.EndSchedule(ctx, id, s.Now()); err != nil {
		return err
	}
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, "end schedule", id, "")
	return s.endComing(ctx, by, id) // one may have been opened meanwhile
}

// ComingOf are the workshops of a schedule that are open, and apart from those that go on those
// that have not begun: they end with it.
func (s *Service) ComingOf(ctx context.Context, id string) (coming, goOn []Workshop, err error) {
	open, err := s.Store.OpenWorkshops(ctx)
	for _, w := range open {
		switch {
		case w.ScheduleID != id:
		case w.StartsAt.After(s.Now()):
			coming = append(coming, w)
		default:
			goOn = append(goOn, w)
		}
	}
	return coming, goOn, err
}

// endComing ends the workshops of a schedule that have not begun.
func (s *Service) endComing(ctx context.Context, by, id string) error {
	coming, _, err := s.ComingOf(ctx, id)
	if err != nil {
		return err
	}
	for _, w := range coming {
		if _, err := s.endWorkshop(ctx, by, w.ID, "its schedule was ended by "+by); err != nil && api.CodeOf(err) != api.Conflict {
			return err
		}
	}
	return nil
}
