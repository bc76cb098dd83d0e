package allocator

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// OpenWorkshop opens a workshop and starts launching its machines.
func (s *Service) OpenWorkshop(ctx context.Context, by string, n api.NewWorkshop) (Workshop, Operation, error) {
	pool, ok := s.Pool(n.Pool)
	name := strings.TrimSpace(n.Name)
	switch {
	case !ok:
		return Workshop{}, Operation{}, api.Problemf(api.Invalid, "There is no such pool", "%q is not one of %s.", n.Pool, s.poolNames())
	case name == "":
		return Workshop{}, Operation{}, api.Problemf(api.Invalid, "The workshop needs a name", "Give it one that its participants recognise.")
	case n.Seats < 1 || n.Seats > pool.MaxMachines:
		return Workshop{}, Operation{}, api.Problemf(api.Invalid, "That many machines cannot be launched", "Pool %s may hold between 1 and %d machines.", pool.Name, pool.MaxMachines)
	}
	now := s.Now()
	w := Workshop{ID: newID("wks"), Name: name, Pool: pool.Name, Seats: n.Seats, JoinCode: newJoinCode(), State: Open, CreatedAt: now}
	op := Operation{ID: newID("op"), Kind: Launch, WorkshopID: w.ID, State: Queued, Total: n.Seats, By: by, CreatedAt: now, Message: "waiting to start"}
	machines := make([]Machine, n.Seats)
	for i := range machines {
		machines[i] = Machine{
			ID: newID("mch"), WorkshopID: w.ID, Pool: pool.Name, State: Requested,
			Reason: "asked for by " + by, CreatedAt: now, ChangedAt: now,
		}
	}
	if err := s.Store.OpenWorkshop(ctx, w, machines, op, pool.MaxMachines); err != nil {
		return Workshop{}, Operation{}, err
	}
	s.start(ctx, op, "open workshop", w.ID, fmt.Sprintf("%s: %d machines of pool %s", w.Name, w.Seats, w.Pool))
	return w, op, nil
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
	op := s.ending(by, id)
	if err := s.Store.EndWorkshop(ctx, id, op); err != nil {
		return Operation{}, err
	}
	s.start(ctx, op, "end workshop", id, "")
	return op, nil
}

// TerminateMachine ends one machine.
func (s *Service) TerminateMachine(ctx context.Context, by, id string) (Operation, error) {
	m, err := s.Store.Machine(ctx, id)
	if err != nil {
		return Operation{}, err
	}
	op := s.ending(by, m.WorkshopID)
	if err := s.Store.TerminateMachine(ctx, id, op); err != nil {
		return Operation{}, err
	}
	s.start(ctx, op, "terminate machine", id, m.Email)
	return op, nil
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
