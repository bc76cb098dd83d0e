package allocator

import (
	"context"
	"fmt"
	"slices"
)

const lookingFor = "Looking for machines that were launched before."

// abandon gives up an attempt that EC2 refuses. If it was asked before, an answer
// may have been lost: the instances that it launched then are taken over.
func (s *Service) abandon(ctx context.Context, op Operation, a Attempt, repeated bool, why string) error {
	found, all, err := s.foundOf(ctx, a, repeated)
	if err != nil {
		return err
	}
	if !all {
		why += " " + lookingFor
		if err := s.Store.Note(ctx, op.ID, Running, why); err != nil {
			return err
		}
		return &Later{After: betweenAttempts, Why: why}
	}
	return s.giveUp(ctx, op, a, found, why)
}

// foundOf is what an attempt has launched, found by its mark, and whether EC2 lists all
// of it by now: nothing of one that EC2 was not asked before. An attempt of another time, as
// of a clock that went back, is not waited for.
func (s *Service) foundOf(ctx context.Context, a Attempt, asked bool) (found []Instance, all bool, err error) {
	if !asked {
		return nil, true, nil
	}
	found, err = s.instances(ctx)
	if err != nil {
		return nil, false, fmt.Errorf("look for what was launched before: %w", err)
	}
	found = slices.DeleteFunc(found, func(i Instance) bool { return i.Attempt != a.Token() || i.State == InstanceGone })
	return found, len(found) >= a.Count || s.Now().Sub(a.OpenedAt).Abs() >= unseenLimit, nil
}

// giveUp ends the machines of an operation for which found is not enough. Others are
// launched after a while.
func (s *Service) giveUp(ctx context.Context, op Operation, a Attempt, found []Instance, why string) error {
	if err := s.Store.EndAttempt(ctx, a, found, s.Now()); err != nil {
		return err
	}
	if err := s.Store.Note(ctx, op.ID, Running, why); err != nil {
		return err
	}
	if err := s.postpone(ctx, op.WorkshopID, why); err != nil {
		return err
	}
	machines, err := s.Store.OperationMachines(ctx, op.ID)
	if err != nil {
		return err
	}
	for _, m := range machines {
		if m.InstanceID != "" {
			continue
		}
		if err := s.end(ctx, m, why); err != nil {
			return err
		}
	}
	return nil
}

// wanted reports whether a machine of an operation waits for an instance still.
func (s *Service) wanted(ctx context.Context, op Operation) (bool, error) {
	machines, err := s.Store.OperationMachines(ctx, op.ID)
	return slices.ContainsFunc(machines, func(m Machine) bool { return m.InstanceID == "" }), err
}

// forgo ends an attempt whose machines have all been given up, without asking EC2 for
// them. If it was asked before, what it launched is taken over, and ended.
func (s *Service) forgo(ctx context.Context, a Attempt, asked bool) error {
	found, all, err := s.foundOf(ctx, a, asked)
	if err != nil {
		return err
	}
	if !all {
		return &Later{After: betweenAttempts, Why: lookingFor}
	}
	return s.Store.EndAttempt(ctx, a, found, s.Now())
}
