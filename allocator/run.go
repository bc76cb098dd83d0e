package allocator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// maxAttempts is how often a launch asks for machines before those that are
	// missing are given up.
	maxAttempts = 8
	// betweenAttempts is how long it waits for capacity to come back.
	betweenAttempts = 15 * time.Second
	// betweenLooks is how long an ending waits before it looks again.
	betweenLooks = time.Second
)

// Run carries an operation on by one step. It is called again and again until
// it returns nil: *Later says when, any other error that something failed which
// may work the next time. Running it twice does no harm.
func (s *Service) Run(ctx context.Context, id string) error {
	op, err := s.Store.Operation(ctx, id)
	if err != nil {
		return err
	}
	if op.State.Finished() {
		return nil
	}
	switch op.Kind {
	case Launch:
		return s.runLaunch(ctx, op)
	case Terminate:
		return s.runTerminate(ctx, op)
	}
	return fmt.Errorf("operation %s has the unknown kind %q", op.ID, op.Kind)
}

// Resume queues every operation that is not finished, after a restart.
func (s *Service) Resume(ctx context.Context) error {
	ids, err := s.Store.Unfinished(ctx)
	if err != nil {
		return fmt.Errorf("list unfinished operations: %w", err)
	}
	for _, id := range ids {
		if err := s.Queue.Enqueue(ctx, id); err != nil {
			return fmt.Errorf("resume operation %s: %w", id, err)
		}
	}
	return nil
}

func (s *Service) runLaunch(ctx context.Context, op Operation) error {
	a, ok, err := s.Store.BeginAttempt(ctx, op.ID, s.Now())
	if err != nil {
		return err
	}
	if !ok {
		return s.Store.Note(ctx, op.ID, Running, "waiting for the machines to boot")
	}
	if a.Number > maxAttempts {
		return s.giveUp(ctx, op, a, "no more machines could be had: "+op.Message)
	}
	if err := s.Store.Note(ctx, op.ID, Running, fmt.Sprintf("asking for %d machines", a.Count)); err != nil {
		return err
	}
	w, err := s.Store.Workshop(ctx, op.WorkshopID)
	if err != nil {
		return err
	}
	launched, refusals, err := s.Compute.Launch(ctx, w.Pool, a.Count, a.Token())
	if code := api.CodeOf(err); code == api.Forbidden || code == api.Quota || code == api.Invalid {
		return s.giveUp(ctx, op, a, err.Error())
	}
	if err != nil {
		return fmt.Errorf("launch %d machines of %s: %w", a.Count, w.Pool, err)
	}
	if err := s.Store.EndAttempt(ctx, a, launched, s.Now()); err != nil {
		return err
	}
	s.label(ctx, op, launched)
	if len(launched) >= a.Count {
		return s.Store.Note(ctx, op.ID, Running, "waiting for the machines to boot")
	}
	why := Refusals(refusals)
	if err := s.Store.Note(ctx, op.ID, Running, why); err != nil {
		return err
	}
	return &Later{After: betweenAttempts, Why: why}
}

// label marks what was launched. A mark that is missing harms nobody.
func (s *Service) label(ctx context.Context, op Operation, launched []Instance) {
	machines, err := s.Store.Machines(ctx, op.WorkshopID, false)
	if err != nil {
		s.Log.Warn("new instances were not labelled", "operation", op.ID, "error", err)
		return
	}
	for _, m := range machines {
		if !slices.ContainsFunc(launched, func(i Instance) bool { return i.ID == m.InstanceID }) {
			continue
		}
		if err := s.Compute.Label(ctx, m.InstanceID, m.ID, m.WorkshopID); err != nil {
			s.Log.Warn("a new instance was not labelled", "machine", m.ID, "error", err)
		}
	}
}

// giveUp ends what an operation could not launch. Its attempt got nothing.
func (s *Service) giveUp(ctx context.Context, op Operation, a Attempt, why string) error {
	if err := s.Store.EndAttempt(ctx, a, nil, s.Now()); err != nil {
		return err
	}
	if err := s.Store.Note(ctx, op.ID, Running, why); err != nil {
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

// Refusals says in a sentence why not all machines could be had.
func Refusals(all []Refusal) string {
	var parts []string
	for _, r := range all {
		part := r.Why
		if r.Type != "" {
			part = r.Type + " in " + r.Where + ": " + part
		}
		if !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return "EC2 gave fewer machines than were asked for and did not say why; asking again"
	}
	return "waiting for machines: " + strings.Join(parts, "; ")
}

// runTerminate ends the instances of an operation's machines, and comes back
// until they have ended. An instance that is being launched for one of them is
// waited for, so that it does not live on.
func (s *Service) runTerminate(ctx context.Context, op Operation) error {
	machines, err := s.Store.OperationMachines(ctx, op.ID)
	if err != nil || len(machines) == 0 {
		return err
	}
	states, err := s.instanceStates(ctx)
	if err != nil {
		return err
	}
	var running []string
	left := 0
	for _, m := range machines {
		state, listed := states[m.InstanceID]
		switch {
		case m.InstanceID == "" && m.LaunchOpen:
			left++
		case m.InstanceID == "":
			err = s.end(ctx, m, "it had no instance yet")
		case !listed || state == InstanceGone:
			err = s.end(ctx, m, "its instance has ended")
		default:
			left++
			if state != InstanceEnding {
				running = append(running, m.InstanceID)
			}
		}
		if err != nil {
			return err
		}
	}
	if len(running) > 0 {
		if err := s.Compute.Terminate(ctx, running); err != nil {
			return fmt.Errorf("end %d instances: %w", len(running), err)
		}
	}
	if left == 0 {
		return nil
	}
	why := fmt.Sprintf("waiting for %d instances to end", left)
	if err := s.Store.Note(ctx, op.ID, Running, why); err != nil {
		return err
	}
	return &Later{After: betweenLooks, Why: why}
}

// end marks a machine as gone, unless it is marked already.
func (s *Service) end(ctx context.Context, m Machine, why string) error {
	err := s.Store.Move(ctx, m.ID, Terminated, why, s.Now())
	if api.CodeOf(err) == api.Conflict {
		return nil
	}
	return err
}
