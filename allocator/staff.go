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
	s.opened(ctx, by, w)
	return w, nil
}

// opened looks at once what has to be done for a workshop that is on the disk.
func (s *Service) opened(ctx context.Context, by string, w Workshop) {
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, "open workshop", w.ID, fmt.Sprintf("%s: %d seats of pool %s", w.Name, w.Seats, w.Pool))
	if err := s.Reconcile(ctx); err != nil {
		s.Log.Warn("what a new workshop needs is seen to at the next look", "workshop", w.ID, "error", err)
	}
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
		SessionLimit: time.Duration(n.SessionMinutes) * time.Minute, CreatedAt: now,
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
	return w, roster, w.check(now, pool)
}

// check says what about a workshop cannot be.
func (w Workshop) check(now time.Time, pool Pool) error {
	switch {
	case w.Name == "":
		return api.Problemf(api.Invalid, "The workshop needs a name", "Give it one that its participants recognise.")
	case w.Seats < 1 || w.Spares < 0 || w.Seats+w.Spares > pool.MaxMachines:
		return api.Problemf(api.Invalid, "That many machines cannot be launched", "Pool %s may hold between 1 and %d machines, spares included.", pool.Name, pool.MaxMachines)
	case w.Warm < 0 || w.Warm > w.Seats:
		return api.Problemf(api.Invalid, "That many machines cannot be warm", "Between none and all of the %d seats can have a machine when the workshop begins.", w.Seats)
	case !w.EndsAt.IsZero() && !w.EndsAt.After(w.StartsAt):
		return api.Problemf(api.Invalid, "The workshop would end before it begins", "It begins at %s and ends at %s.", at(w.StartsAt), at(w.EndsAt))
	case !w.EndsAt.IsZero() && !w.EndsAt.After(now):
		return api.Problemf(api.Invalid, "That end is over", "It is %s now.", at(now))
	case w.StartsAt.Sub(now) > longest || w.EndsAt.Sub(now) > longest:
		return api.Problemf(api.Invalid, "That is too far away", "A workshop begins and ends within a year.")
	case w.WarmUp < 0 || w.WarmUp > 24*time.Hour || w.SessionLimit < 0 || w.SessionLimit > longest:
		return api.Problemf(api.Invalid, "That is no length of time for this", "Machines warm up for at most a day, and a session lasts at most a year.")
	}
	return nil
}

// at is a time as a refusal tells it.
func at(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// rosterOf reads the addresses of a roster, each once.
func rosterOf(raw []string) ([]string, error) {
	var out []string
	for _, line := range raw {
		if strings.TrimSpace(line) == "" {
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

// ChangeWorkshop changes a workshop that is open. What is absent stays.
func (s *Service) ChangeWorkshop(ctx context.Context, by, id string, c api.WorkshopChange) (Workshop, error) {
	w, err := s.Store.Workshop(ctx, id)
	if err != nil {
		return w, err
	}
	all := w.Warm == w.Seats
	for _, n := range []struct {
		to   *int
		from *int
	}{{&w.Seats, c.Seats}, {&w.Spares, c.Spares}} {
		if n.from != nil {
			*n.to = *n.from
		}
	}
	if all || w.Warm > w.Seats {
		w.Warm = w.Seats
	}
	if c.EndsAt != nil {
		w.EndsAt = c.EndsAt.UTC()
	}
	if c.SessionMinutes != nil {
		w.SessionLimit = time.Duration(*c.SessionMinutes) * time.Minute
	}
	roster, err := s.changedRoster(ctx, &w, c.Roster)
	if err != nil {
		return w, err
	}
	pool, ok := s.Pool(w.Pool)
	if !ok {
		return w, api.Problemf(api.Conflict, "The workshop's pool is gone", "The settings have no pool %q any more; end the workshop.", w.Pool)
	}
	if err := w.check(s.Now(), pool); err != nil {
		return w, err
	}
	if err := s.Store.ChangeWorkshop(ctx, w, roster); err != nil {
		return w, err
	}
	s.changed(ctx, by, w)
	return w, nil
}

// changedRoster is the roster that a change leaves.
func (s *Service) changedRoster(ctx context.Context, w *Workshop, to *[]string) ([]string, error) {
	if to == nil {
		return s.Store.Roster(ctx, w.ID)
	}
	roster, err := rosterOf(*to)
	w.Invited = len(roster) > 0
	return roster, err
}

func (s *Service) changed(ctx context.Context, by string, w Workshop) {
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, "change workshop", w.ID, fmt.Sprintf("%d seats, %d spares, ends %s", w.Seats, w.Spares, at(w.EndsAt)))
	if err := s.Reconcile(ctx); err != nil {
		s.Log.Warn("what a changed workshop needs is seen to at the next look", "workshop", w.ID, "error", err)
	}
}

func (s *Service) poolNames() string {
	names := make([]string, len(s.Pools))
	for i, p := range s.Pools {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

// EndWorkshop ends a workshop: its seats are released and its machines end.
func (s *Service) EndWorkshop(ctx context.Context, by, id string) (Operation, error) {
	return s.endWorkshop(ctx, by, id, "the workshop was ended by "+by)
}

func (s *Service) endWorkshop(ctx context.Context, by, id, why string) (Operation, error) {
	op := s.ending(by, id)
	if err := s.Store.EndWorkshop(ctx, id, op, why); err != nil {
		return Operation{}, err
	}
	s.start(ctx, op, "end workshop", id, why)
	return op, nil
}

// TerminateMachine ends one machine. Whoever holds it gets another one.
func (s *Service) TerminateMachine(ctx context.Context, by, id string) (Operation, error) {
	m, err := s.Store.Machine(ctx, id)
	if err != nil {
		return Operation{}, err
	}
	return s.endMachine(ctx, by, m, "it was ended by "+by)
}

func (s *Service) endMachine(ctx context.Context, by string, m Machine, why string) (Operation, error) {
	op := s.ending(by, m.WorkshopID)
	if err := s.Store.TerminateMachine(ctx, m.ID, op, why); err != nil {
		return Operation{}, err
	}
	detail := why
	if m.Email != "" {
		detail += "; held by " + m.Email
	}
	s.start(ctx, op, "terminate machine", m.ID, detail)
	return op, nil
}

// ReleaseSeat takes a participant's seat away.
func (s *Service) ReleaseSeat(ctx context.Context, by, id string) error {
	if err := s.Store.ReleaseSeat(ctx, id, "it was released by "+by, s.Now()); err != nil {
		return err
	}
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, "release seat", id, "")
	return nil
}

func (s *Service) ending(by, workshop string) Operation {
	return Operation{ID: newID("op"), Kind: Terminate, WorkshopID: workshop, State: Queued, By: by, CreatedAt: s.Now(), Message: "waiting to start"}
}

// start records an operation that is on the disk and queues it. Both happen even
// if whoever asked for it has gone away. One that could not be queued is durable:
// Watch queues it.
func (s *Service) start(ctx context.Context, op Operation, action, subject, detail string) {
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, op.By, action, subject, detail)
	if err := s.Queue.Enqueue(ctx, op.ID); err != nil {
		s.Log.Warn("an operation was not queued and starts at the next look", "operation", op.ID, "error", err)
	}
}

// committed is the context for what has to follow a change that is on the disk.
func committed(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
}

// record adds a line to the audit. What was done is done: a line that cannot be
// kept is logged.
func (s *Service) record(ctx context.Context, actor, action, subject, detail string) {
	e := Event{At: s.Now(), Actor: actor, Action: action, Subject: subject, Detail: detail}
	if err := s.Store.Record(ctx, e); err != nil {
		s.Log.Error("the audit could not be kept", "action", action, "subject", subject, "actor", actor, "error", err)
	}
}
