package allocator

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// bootLimit is how long a machine may take until its agent is heard of.
	bootLimit = 20 * time.Minute
	// unseenLimit is how long EC2 may not list what it has just launched.
	unseenLimit = 5 * time.Minute
)

// Watch compares what is written down with what EC2 says, at every tick until
// ctx ends. What fails is logged and tried again at the next tick.
func (s *Service) Watch(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		if err := s.Observe(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("EC2 could not be asked how the machines are", "error", err)
		}
	}
}

// Observe looks once.
func (s *Service) Observe(ctx context.Context) error {
	machines, err := s.Store.Machines(ctx, "", false)
	if err != nil {
		return err
	}
	if len(machines) == 0 {
		return nil
	}
	states, err := s.instanceStates(ctx)
	if err != nil {
		return err
	}
	for _, m := range machines {
		to, reason := s.judge(m, states)
		if to == "" {
			continue
		}
		// Another part of the allocator may have been faster: then it is right.
		if err := s.Store.Move(ctx, m.ID, to, reason, s.Now()); err != nil && api.CodeOf(err) != api.Conflict {
			return err
		}
	}
	return nil
}

// instanceStates asks EC2 for the states of this deployment's instances.
func (s *Service) instanceStates(ctx context.Context) (map[string]InstanceState, error) {
	all, err := s.Compute.Instances(ctx)
	if err != nil {
		return nil, fmt.Errorf("list instances: %w", err)
	}
	states := make(map[string]InstanceState, len(all))
	for _, i := range all {
		states[i.ID] = i.State
	}
	return states, nil
}

// judge says what becomes of a machine, given what EC2 lists.
func (s *Service) judge(m Machine, states map[string]InstanceState) (MachineState, string) {
	if m.InstanceID == "" {
		return "", ""
	}
	state, listed := states[m.InstanceID]
	age := s.Now().Sub(m.ChangedAt)
	switch {
	case m.State == Terminating:
		return "", "" // its operation sees to it
	case state == InstanceGone || state == InstanceEnding:
		return Terminated, "its instance was ended outside LabLink"
	case !listed && age > unseenLimit:
		return Terminated, "EC2 does not know its instance any more"
	case m.State == Booting && age > bootLimit:
		return Unhealthy, fmt.Sprintf("its agent was not heard of for %d minutes after the launch; look at the instance's console", int(bootLimit.Minutes()))
	}
	return "", ""
}
