package stack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

const (
	// machinesEnd is how long the machines may take to end.
	machinesEnd = 15 * time.Minute
	// gone is how long AWS may list what is deleted.
	gone = 10 * time.Minute
	// between is the time between two looks.
	between = 5 * time.Second
)

// hosts are the types of what an allocator runs on.
var hosts = []string{"aws:ec2/instance:Instance", "aws:autoscaling/group:Group"}

// endHosts destroys what the allocator runs on, and what depends on it, before the
// machines: it would launch others in their place. Its data stay until the rest is
// destroyed.
func (w *Workspace) endHosts(ctx context.Context, t Target, resources []resource) error {
	args := append([]string{"destroy", "--yes", "--skip-preview", "--suppress-outputs", "--target-dependents"}, t.args()...)
	found := false
	for _, r := range resources {
		if slices.Contains(hosts, r.Type) {
			found = true
			args = append(args, "--target", r.URN)
		}
	}
	if !found {
		return nil
	}
	w.say("The allocator ends first, so that it launches nothing any more.")
	return w.run(ctx, backend{}, args...)
}

// endMachines ends the machines that an allocator launched, and waits until they
// have ended: their network cannot go before.
func (w *Workspace) endMachines(ctx context.Context, a Account) error {
	said, end := 0, time.Now().Add(machinesEnd)
	for {
		ending, err := a.EndMachines(ctx)
		if err != nil {
			return err
		}
		if len(ending) == 0 {
			return nil
		}
		if len(ending) != said {
			w.say("Waiting until these machines have ended: %s", strings.Join(ending, ", "))
			said = len(ending)
		}
		if err := pause(ctx, end, fmt.Sprintf("these machines have not ended: %s; look at them in the EC2 console, and run lablink destroy again", strings.Join(ending, ", "))); err != nil {
			return err
		}
	}
}

// errInterrupted is how a wait ends that somebody cut short.
var errInterrupted = errors.New("interrupted: it is not known whether anything is left; run lablink destroy again")

// pause waits between two looks. It fails when there is no time for another one,
// which late tells, or with errInterrupted.
func pause(ctx context.Context, end time.Time, late string) error {
	if time.Now().After(end) {
		return errors.New(late)
	}
	select {
	case <-ctx.Done():
		return errInterrupted
	case <-time.After(between):
		return nil
	}
}
