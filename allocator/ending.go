package allocator

import (
	"context"
	"errors"
	"slices"
)

// Ending is a machine, as it was seen, that is to end, and why.
type Ending struct {
	Machine Machine
	Why     string
}

// endMachine ends a machine, after what was made on it is collected.
func (s *Service) endMachine(ctx context.Context, by string, m Machine, why string) (Operation, error) {
	op, _, err := s.endMachines(ctx, by, m.WorkshopID, []Ending{{m, why}})
	return op, err
}

// endMachines ends machines of a workshop by one operation, so that what is asked of EC2
// does not grow with their number. One that has changed is left out.
func (s *Service) endMachines(ctx context.Context, by, workshop string, all []Ending) (Operation, []string, error) {
	op := s.ending(by, workshop)
	ended, err := s.Store.DrainMachines(ctx, op, all)
	if err != nil {
		return Operation{}, nil, err
	}
	ctx, cancel := committed(ctx)
	defer cancel()
	s.queue(ctx, op)
	for _, e := range all {
		if slices.Contains(ended, e.Machine.ID) {
			s.record(ctx, by, "terminate machine", e.Machine.ID, e.Machine.heldBy(e.Why))
		}
	}
	return op, ended, nil
}

// ends reports whether a step ends a machine: one of somebody's own that stays is only
// left.
func (st Step) ends() bool {
	return st.EndMachine != nil && (!st.EndMachine.Own() || st.EndMachine.Leaving != "")
}

// together are the steps of a plan, those that end machines of one workshop beside each
// other.
func together(steps []Step) [][]Step {
	var out [][]Step
	at := map[string]int{} // by workshop
	for _, step := range steps {
		i, begun := at[step.Workshop.ID]
		if begun && step.ends() {
			out[i] = append(out[i], step)
			continue
		}
		if step.ends() {
			at[step.Workshop.ID] = len(out)
		}
		out = append(out, []Step{step})
	}
	return out
}

// takeEnds ends the machines of some steps, all of one workshop.
func (s *Service) takeEnds(ctx context.Context, steps []Step) error {
	w := steps[0].Workshop
	var all []Ending
	for _, step := range steps {
		all = append(all, Ending{*step.EndMachine, step.Why})
	}
	_, ended, err := s.endMachines(ctx, Allocator, w.ID, all)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range all {
		if !slices.Contains(ended, e.Machine.ID) {
			continue
		}
		if e.Machine.neverReady() {
			errs = append(errs, s.pause(ctx, w.ID, e.Machine.Reason))
		}
		if e.Machine.limps() && e.Machine.Leaving == "" {
			s.limped.note(w.ID, s.Now())
		}
	}
	return errors.Join(errs...)
}

// listed lists the instances once for all operations that ask for it at once: people, and
// AWS with spot machines, end many one by one. It is as old as its answer takes.
func (s *Service) listed(ctx context.Context) ([]Instance, error) {
	all, err, _ := s.listing.Do("", func() (any, error) { return s.instances(ctx) })
	instances, _ := all.([]Instance) // nil where it was not listed
	return instances, err
}
