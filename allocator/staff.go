package allocator

import (
	"context"
	"time"
)

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

// TerminateMachine ends one machine at once. Whoever holds it gets another one; what
// they made on it is not collected.
func (s *Service) TerminateMachine(ctx context.Context, by, id string) (Operation, error) {
	m, err := s.Store.Machine(ctx, id)
	if err != nil {
		return Operation{}, err
	}
	op := s.ending(by, m.WorkshopID)
	why := endedBy + by
	if err := s.Store.TerminateMachine(ctx, m, op, why); err != nil {
		return Operation{}, err
	}
	s.start(ctx, op, "terminate machine", m.ID, m.heldBy(why))
	return op, nil
}

// ReleaseSeat takes a participant's seat away.
func (s *Service) ReleaseSeat(ctx context.Context, by, id string) error {
	if err := s.Store.ReleaseSeat(ctx, id, releasedBy+by, s.Now()); err != nil {
		return err
	}
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, "release seat", id, "")
	return nil
}

func (s *Service) ending(by, workshop string) Operation { return s.operation(Terminate, by, workshop) }

func (s *Service) operation(kind OperationKind, by, workshop string) Operation {
	return NewOperation(kind, by, workshop, s.Now())
}

// start records an operation that is on the disk and queues it. Both happen even
// if whoever asked for it has gone away. One that could not be queued is durable:
// Watch queues it.
func (s *Service) start(ctx context.Context, op Operation, action, subject, detail string) {
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, op.By, action, subject, detail)
	s.queue(ctx, op)
}

func (s *Service) queue(ctx context.Context, op Operation) {
	if err := s.Queue.Enqueue(ctx, op.ID); err != nil {
		s.Log.Warn("an operation was not queued and starts at the next look", "operation", op.ID, "error", err)
	}
}

// follow records a change that is on the disk and does at once what it asks for.
func (s *Service) follow(ctx context.Context, by, action, subject, detail string) {
	ctx, cancel := committed(ctx)
	defer cancel()
	s.record(ctx, by, action, subject, detail)
	s.reconcileSoon(ctx, action, subject)
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
