package allocator

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// maxReboots is how often in a row a machine is rebooted before it is replaced.
	maxReboots = 3
	// WellAfter is how long a machine must have been well for its reboots to be
	// forgotten.
	WellAfter = 30 * time.Minute
	// rebootLimit is how long a machine may take to boot again.
	rebootLimit = 10 * time.Minute
	// silentLimit is how long an agent may be silent before its machine, if nobody holds
	// it or it is somebody's own, counts as failed.
	silentLimit = 15 * time.Minute
)

// RebootMachine boots a machine again. Whoever holds it gets another one. Conflict for
// somebody's own.
func (s *Service) RebootMachine(ctx context.Context, by, id string) (Operation, error) {
	m, err := s.Store.Machine(ctx, id)
	if err == nil {
		err = m.Rebootable()
	}
	if err != nil {
		return Operation{}, err
	}
	return s.reboot(ctx, by, m, rebootedBy+by)
}

// Rebootable is nil for a machine that LabLink may boot again. Conflict for somebody's own:
// its agent is not root, who works at it besides participants is known to its owner only,
// and EC2 knows nothing of it.
func (m Machine) Rebootable() error {
	if m.Own() {
		return api.Problemf(api.Conflict, "It is somebody's own machine", "LabLink does not restart it: have it restarted where it stands. It serves again once its agent has reported.")
	}
	return nil
}

func (s *Service) reboot(ctx context.Context, by string, m Machine, why string) (Operation, error) {
	op := s.operation(Reboot, by, m.WorkshopID)
	if err := s.Store.RebootMachine(ctx, m, op, why); err != nil {
		return Operation{}, err
	}
	s.start(ctx, op, "reboot machine", m.ID, m.heldBy(why))
	return op, nil
}

// heldBy adds to what was done to a machine who held it.
func (m Machine) heldBy(why string) string {
	if m.Email == "" {
		return why
	}
	return why + "; held by " + m.Email
}

// runReboot asks for the reboots of an operation's machines, each once, and comes back
// until their agents speak of another boot.
func (s *Service) runReboot(ctx context.Context, op Operation) error {
	machines, err := s.Store.OperationMachines(ctx, op.ID)
	if err != nil || len(machines) == 0 {
		return err
	}
	for _, m := range machines {
		if m.State != Rebooting {
			continue // work is collected there first
		}
		if err := s.rebootOne(ctx, m); err != nil {
			return err
		}
	}
	why := fmt.Sprintf("waiting for %d machines to boot again", len(machines))
	if err := s.note(ctx, op, why); err != nil {
		return err
	}
	return &Later{After: betweenLooks, Why: why}
}

func (s *Service) rebootOne(ctx context.Context, m Machine) error {
	now := s.Now()
	late := func(since time.Time) bool { return now.Sub(since) > rebootLimit && s.clockTrouble(ctx) == "" }
	if m.RebootAskedAt.IsZero() {
		whom, err := s.askToReboot(ctx, m)
		switch {
		case err == nil:
			return s.Store.KeepRebootAsked(ctx, m.ID, whom, now)
		case m.Own() || late(m.ChangedAt):
			return s.notRebooted(ctx, m, "it could not be rebooted: "+err.Error())
		}
		return fmt.Errorf("reboot machine %s: %w", m.ID, err)
	}
	if late(m.RebootAskedAt) {
		return s.notRebooted(ctx, m, fmt.Sprintf("it did not come back within %d minutes of a reboot", int(rebootLimit.Minutes())))
	}
	return nil
}

// notRebooted takes a machine out whose reboot came to nothing.
func (s *Service) notRebooted(ctx context.Context, m Machine, why string) error {
	err := s.Store.Move(ctx, m.ID, Rebooting, Unhealthy, why, s.Now())
	if api.CodeOf(err) == api.Conflict { // it came back just now
		return nil
	}
	return err
}

// askToReboot asks a machine's agent, and EC2 where it does not answer, where asking it
// did not help before, or where it has not said yet which boot it is at. Nobody is asked
// to reboot somebody's own machine, as an allocator of an earlier release may have begun to.
func (s *Service) askToReboot(ctx context.Context, m Machine) (whom string, err error) {
	if err := m.Rebootable(); err != nil {
		return "", err
	}
	if m.RebootFrom != "" && m.Reboots <= 1 {
		err := s.Tunnels.Reboot(ctx, m.ID, m.RebootFrom)
		if err == nil || api.CodeOf(err) == api.Conflict {
			return "its agent", nil
		}
	}
	return "AWS", s.Compute.Reboot(ctx, m.InstanceID)
}

// helpedByReboot reports whether a machine that has failed may be well after a reboot:
// its agent says so, or was heard of before and is silent. A GPU that is to be reset is,
// by a reboot of its machine. What only another machine mends is not rebooted.
func (m Machine) helpedByReboot(now time.Time) bool {
	if m.InstanceID == "" || m.Reboots >= maxReboots || m.Leaving != "" {
		return false
	}
	return m.wantsReboot() || m.State == Unhealthy && m.silent(now) && m.Action != api.Replace
}

// wantsReboot reports whether its agent says that a reboot may help.
func (m Machine) wantsReboot() bool { return m.Action == api.Reboot || m.Action == api.Reset }

// silent reports whether a machine's agent was heard of, and not for long.
func (m Machine) silent(now time.Time) bool {
	return !m.HeardAt.IsZero() && now.Sub(m.HeardAt) > silentLimit
}

// audible is 1 for a machine whose agent is not silent: who holds one that has failed is
// not moved to one that may have, too.
func (m Machine) audible(now time.Time) int {
	if m.silent(now) {
		return 0
	}
	return 1
}

// silence says of which machines it may count that their agents are silent: of those
// that nobody holds and that are ready, or being set up. Where most are silent, or this allocator has
// not listened for as long, it is likelier that nobody could be heard. Of somebody's own
// machine nothing else tells that it was switched off, and nothing is done to it for
// that: it counts also where somebody holds it, and where most are silent.
func (s *Service) silence(machines []Machine) func(Machine) bool {
	now, heard, silent := s.Now(), 0, 0
	for _, m := range machines {
		if m.State != Ready && m.State != Assigned && m.State != Booting || m.HeardAt.IsZero() {
			continue
		}
		heard++
		if m.silent(now) {
			silent++
		}
	}
	deaf := now.Sub(s.listens.since(now)) <= silentLimit
	most := silent > 1 && 2*silent > heard
	return func(m Machine) bool {
		if deaf || !m.silent(now) {
			return false
		}
		held := m.Own() && m.State == Assigned && m.Health != api.Unhealthy
		return held || (m.State == Ready || m.State == Booting) && (m.Own() || !most)
	}
}
