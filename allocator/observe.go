package allocator

import (
	"cmp"
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
	// lookLimit is how long EC2 may take to list instances, or to begin to end them: one
	// that never answers holds up nothing else.
	lookLimit = 30 * time.Second
)

// Watch compares what is written down with what EC2 says, and queues what is not
// finished, at every tick until ctx ends. What fails is logged and tried again at
// the next tick. Of several allocators one does it.
func (s *Service) Watch(ctx context.Context, ticks <-chan time.Time) {
	var forgot time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		if s.Leader != nil && !s.Leader.Leads(ctx) {
			s.listens.anew(s.Now()) // the store may be away, and who leads later knows no better
			continue
		}
		err := s.Observe(ctx)
		if err != nil && ctx.Err() == nil {
			s.Log.Warn("EC2 could not be asked how the machines are", "error", err)
		}
		// Once EC2 has answered it has said what time it is.
		if now := s.Now(); err == nil && now.Sub(forgot).Abs() >= forgetEvery {
			done, err := s.Forget(ctx)
			if done {
				forgot = now
			}
			if err != nil && ctx.Err() == nil {
				s.Log.Warn("what is too old could not be removed", "error", err)
			}
		}
		if err := s.Reconcile(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("not all that workshops need could be done", "error", err)
		}
		if err := s.Resume(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("what is not finished could not be queued", "error", err)
		}
	}
}

// instances lists the instances, if EC2 answers in time.
func (s *Service) instances(ctx context.Context) ([]Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	return s.Compute.Instances(ctx)
}

// Observe looks once. The instances are listed first, then the attempts, then the
// machines: what is launched meanwhile has an attempt that is open or a machine.
func (s *Service) Observe(ctx context.Context) error {
	instances, err := s.instances(ctx)
	if err != nil {
		return fmt.Errorf("list instances: %w", err)
	}
	attempts, machines, err := s.compare(ctx, instances)
	s.unheard(err)
	if err != nil || s.clockTrouble(ctx) != "" {
		return err
	}
	return s.endStrays(ctx, instances, attempts, machines)
}

// compare compares the machines that are written down with the instances of EC2. It
// returns them, with the attempts that were open before they were read.
func (s *Service) compare(ctx context.Context, instances []Instance) (attempts []Attempt, machines []Machine, err error) {
	if attempts, err = s.Store.OpenAttempts(ctx); err != nil {
		return nil, nil, err
	}
	if machines, err = s.Store.Machines(ctx, "", false); err != nil {
		return nil, nil, err
	}
	known, silent := byID(instances), s.silence(machines)
	trusted := s.clockTrouble(ctx) == ""
	for _, m := range machines {
		if known[m.InstanceID].State == InstanceStopped && m.Action != api.Replace { // EC2 reboots none
			if err := s.Store.KeepAction(ctx, m.ID, api.Replace); err != nil {
				return nil, nil, err
			}
		}
		to, reason, byTime := s.judge(m, known)
		if to == "" && silent(m) && (m.Own() || known[m.InstanceID].State == InstanceRunning) {
			to, byTime = Unhealthy, true
			reason = fmt.Sprintf("its agent was not heard of for %d minutes", int(silentLimit.Minutes()))
			if !m.Own() {
				reason += ", though AWS says that it runs"
			}
		}
		if to == "" || byTime && !trusted {
			continue
		}
		// Another part of the allocator may have been faster: then it is right.
		if to == Unhealthy && m.State == Assigned {
			err = s.Store.KeepFailed(ctx, m, reason, s.Now()) // who holds it keeps it until another one is ready
		} else {
			err = s.Store.Move(ctx, m.ID, m.State, to, reason, s.Now())
		}
		if err == nil && m.State == Booting && to == Terminated {
			err = s.pause(ctx, m.WorkshopID, reason)
		}
		if err != nil && api.CodeOf(err) != api.Conflict {
			return nil, nil, err
		}
	}
	if err := s.label(ctx, instances, machines); err != nil { // which harms nobody
		s.Log.Warn("instances are not marked as the machines that they are; it is tried again", "error", err)
	}
	return attempts, machines, nil
}

// wasStopped is what is wrong with a machine whose instance was stopped: AWS does so where
// a host of its own fails. One that is started again is well once its agent says so.
const wasStopped = "it was stopped, by AWS or by somebody outside LabLink"

func byID(all []Instance) map[string]Instance {
	known := make(map[string]Instance, len(all))
	for _, i := range all {
		known[i.ID] = i
	}
	return known
}

// unseen reports whether a machine that EC2 does not list is gone: it has had
// the time to appear.
func (s *Service) unseen(m Machine) bool { return s.Now().Sub(m.LaunchedAt) > unseenLimit }

// judge says what becomes of a machine, given what EC2 lists, and whether that is only
// so for the time that has passed.
func (s *Service) judge(m Machine, known map[string]Instance) (to MachineState, why string, byTime bool) {
	if m.InstanceID == "" {
		return "", "", false
	}
	i, listed := known[m.InstanceID]
	switch {
	case m.State == Terminating:
		return "", "", false // its operation sees to it
	case i.State == InstanceGone || i.State == InstanceEnding:
		return Terminated, cmp.Or(i.Ended, "it was ended outside LabLink"), false
	case !listed && s.unseen(m):
		return Terminated, "AWS does not know it any more", true
	case i.State == InstanceStopped:
		if m.State == Booting || m.State == Ready || m.State == Rebooting || m.State == Assigned && m.HealthReason != wasStopped {
			return Unhealthy, wasStopped, false
		}
	case m.State == Booting:
		if limit, why := m.bootBound(); s.Now().Sub(m.ChangedAt) > limit {
			return Unhealthy, why, true
		}
	}
	return "", "", false
}
