package allocator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Whatever a workshop does not say for itself.
const (
	defaultWarmUp = 20 * time.Minute
	longest       = 366 * 24 * time.Hour
	longestRoster = 5000
	mostBudget    = 1_000_000
)

// OpenWorkshop opens a workshop. Its machines start when it is time to.
func (s *Service) OpenWorkshop(ctx context.Context, by string, n api.NewWorkshop) (Workshop, error) {
	w, roster, err := s.workshopOf(n)
	if err != nil {
		return Workshop{}, err
	}
	if err := s.Store.OpenWorkshop(ctx, w, roster); err != nil {
		return Workshop{}, err
	}
	s.follow(ctx, by, "open workshop", w.ID, fmt.Sprintf("%s: %d seats of pool %s", w.Name, w.Seats, w.Pool))
	return w, nil
}

// workshopOf is the workshop that is asked for, with everything it does not say.
func (s *Service) workshopOf(n api.NewWorkshop) (Workshop, []string, error) {
	pool, ok := s.Pool(n.Pool)
	if !ok {
		return Workshop{}, nil, api.Problemf(api.Invalid, "There is no such pool", "%q is not one of %s.", n.Pool, s.poolNames())
	}
	now := s.Now()
	w := Workshop{
		ID: newID("wks"), Name: strings.TrimSpace(n.Name), Pool: pool.Name, Seats: n.Seats, Warm: n.Seats, Spares: n.Spares,
		JoinCode: newJoinCode(), State: Open, StartsAt: now, WarmUp: defaultWarmUp,
		SessionLimit: time.Duration(n.SessionMinutes) * time.Minute, IdleLimit: s.Sessions.Idle, Collect: pool.Collect, BudgetUSD: n.BudgetUSD, Previews: n.Previews, CreatedAt: now,
	}
	if n.SessionMinutes == 0 {
		w.SessionLimit = s.Sessions.Max
	}
	if n.IdleMinutes != nil {
		w.IdleLimit = time.Duration(*n.IdleMinutes) * time.Minute
	}
	if n.Warm != nil {
		w.Warm = *n.Warm
	}
	if n.WarmUpMinutes != nil {
		w.WarmUp = time.Duration(*n.WarmUpMinutes) * time.Minute
	}
	if n.StartsAt != nil && n.StartsAt.After(now) {
		w.StartsAt = n.StartsAt.UTC()
	}
	if n.EndsAt != nil {
		w.EndsAt = n.EndsAt.UTC()
	}
	roster, err := rosterOf(n.Roster)
	w.Invited = len(roster) > 0
	if err != nil {
		return w, nil, err
	}
	return w, roster, s.check(w, now, pool)
}

// check says what about a workshop cannot be here.
func (s *Service) check(w Workshop, now time.Time, pool Pool) error {
	if w.IdleLimit > 0 && w.IdleLimit <= s.Sessions.Warn {
		return api.Problemf(api.Invalid, "That is too short to do nothing in", "Participants are warned %d minutes before, so it must be longer.", int(s.Sessions.Warn.Minutes()))
	}
	return w.check(now, pool)
}

// check says what about a workshop cannot be.
func (w Workshop) check(now time.Time, pool Pool) error {
	switch {
	case w.Name == "":
		return api.Problemf(api.Invalid, "The workshop needs a name", "Give it one that its participants recognise.")
	case w.Seats < 1 || w.Spares < 0 || w.Seats > pool.MaxMachines-w.Spares:
		return api.Problemf(api.Invalid, "That many machines cannot be launched", "Pool %s may hold between 1 and %d machines, spares included.", pool.Name, pool.MaxMachines)
	case w.Warm < 0 || w.Warm > w.Seats:
		return api.Problemf(api.Invalid, "That many machines cannot be warm", "Between none and all of the %d seats can have a machine when the workshop begins.", w.Seats)
	case !w.EndsAt.IsZero() && !w.EndsAt.After(w.StartsAt):
		return api.Problemf(api.Invalid, "The workshop would end before it begins", "It begins at %s and ends at %s.", InUTC(w.StartsAt), InUTC(w.EndsAt))
	case !w.EndsAt.IsZero() && !w.EndsAt.After(now):
		return api.Problemf(api.Invalid, "That end is over", "It is %s now.", InUTC(now))
	case w.StartsAt.Sub(now) > longest || w.EndsAt.Sub(now) > longest:
		return api.Problemf(api.Invalid, "That is too far away", "A workshop begins and ends within a year.")
	case w.BudgetUSD < 0 || w.BudgetUSD > mostBudget:
		return api.Problemf(api.Invalid, "That is no budget", "It is 0, for none, or up to %d US dollars.", mostBudget)
	case w.WarmUp < 0 || w.WarmUp > 24*time.Hour || w.SessionLimit < 0 || w.SessionLimit > longest || w.IdleLimit < 0 || w.IdleLimit > longest:
		return api.Problemf(api.Invalid, "That is no length of time for this", "Machines warm up for at most a day, and a session lasts at most a year.")
	}
	return nil
}

// TimeLayout is that of times in refusals and in the audit.
const TimeLayout = "2006-01-02 15:04 MST"

// InUTC is a time as they tell it.
func InUTC(t time.Time) string { return t.UTC().Format(TimeLayout) }

// rosterOf reads the addresses of a roster, each once.
func rosterOf(raw []string) ([]string, error) {
	if len(raw) > longestRoster {
		return nil, api.Problemf(api.Invalid, "The roster is too long", "It has %d lines; at most %d people can be invited to a workshop.", len(raw), longestRoster)
	}
	var out []string
	for _, line := range raw {
		line = strings.Trim(line, " \t\"") // as in a table that was pasted
		if line == "" {
			continue
		}
		email, err := normalEmail(line)
		if err != nil {
			return nil, api.Problemf(api.Invalid, "The roster has a line that is no e-mail address", "%q: write one address a line, as name@example.org.", line)
		}
		if !slices.Contains(out, email) {
			out = append(out, email)
		}
	}
	return out, nil
}

func (s *Service) poolNames() string {
	names := make([]string, len(s.Pools))
	for i, p := range s.Pools {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}
