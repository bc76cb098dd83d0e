package allocator

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// betweenLooks is how long an ending waits before it looks again. EC2 takes a
// minute or so, and its calls are limited.
const betweenLooks = 5 * time.Second

// runTerminate ends the instances of an operation's machines, and comes back
// until they have ended. An instance that is being launched for one of them is
// waited for, and one that EC2 does not list yet is ended all the same, so that
// none lives on.
func (s *Service) runTerminate(ctx context.Context, op Operation) error {
	machines, err := s.Store.OperationMachines(ctx, op.ID)
	if err != nil {
		return err
	}
	if machines, err = s.releaseOwn(ctx, machines); err != nil || len(machines) == 0 {
		return err
	}
	if !slices.ContainsFunc(machines, func(m Machine) bool { return m.State != Draining }) {
		return s.endsLater(ctx, op, len(machines), 0) // EC2 is not asked, so that a slow one holds up no collection
	}
	all, err := s.listed(ctx)
	if err != nil {
		return fmt.Errorf("list instances: %w", err)
	}
	known := byID(all)
	var running []Machine
	left := 0
	for _, m := range machines {
		i, listed := known[m.InstanceID]
		switch {
		case m.State == Draining: // what was made there is collected first
			left++
		case m.InstanceID == "" && m.LaunchOpen:
			left++
		case m.InstanceID == "":
			err = s.end(ctx, m, "it had no instance yet")
		case !listed && s.unseen(m), i.State == InstanceGone:
			err = s.end(ctx, m, "it has ended")
		default:
			left++
			if i.State != InstanceEnding {
				running = append(running, m)
			}
		}
		if err != nil {
			return err
		}
	}
	refused := 0
	if len(running) > 0 {
		if refused, err = s.terminate(ctx, running); err != nil {
			return fmt.Errorf("end %d instances: %w", len(running), err)
		}
	}
	if left == 0 {
		return nil
	}
	return s.endsLater(ctx, op, left, refused)
}

// endsLater tells how many instances are left, of which EC2 refuses to end some, and when they
// are looked at again.
func (s *Service) endsLater(ctx context.Context, op Operation, left, refused int) error {
	why, after := "waiting for "+Counted(left, "instance")+" to end", betweenLooks
	if refused > 0 {
		why += fmt.Sprintf("; AWS refuses to end %d of them, and each of those says why", refused)
	}
	if refused == left {
		after = betweenRefusals
	}
	if err := s.note(ctx, op, why); err != nil {
		return err
	}
	return &Later{After: after, Why: why}
}

// releaseOwn lets machines of one's own go, and returns the others, with those on which
// work is collected first.
func (s *Service) releaseOwn(ctx context.Context, machines []Machine) ([]Machine, error) {
	var others []Machine
	for _, m := range machines {
		if !m.Own() || m.State == Draining {
			others = append(others, m)
			continue
		}
		if err := s.end(ctx, m, released); err != nil {
			return nil, err
		}
	}
	return others, nil
}

// end marks a machine as gone, unless it has changed meanwhile.
func (s *Service) end(ctx context.Context, m Machine, why string) error {
	err := s.Store.Move(ctx, m.ID, m.State, Terminated, why, s.Now())
	if api.CodeOf(err) == api.Conflict {
		return nil
	}
	return err
}
