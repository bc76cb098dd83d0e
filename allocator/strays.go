package allocator

import (
	"context"
	"slices"
	"time"
)

// strayLimit is how long an instance may live without a machine. It is longer
// than any launch that goes well takes to be written down.
const strayLimit = 10 * time.Minute

// endStrays ends this deployment's instances that no machine holds and no open
// attempt may still bring to one: nobody else would, and they cost money.
func (s *Service) endStrays(ctx context.Context, instances []Instance, attempts []Attempt, machines []Machine) error {
	restored, err := s.Store.RestoredAt(ctx)
	if err != nil {
		return err
	}
	var strays []string
	for _, i := range instances {
		switch {
		case i.State == InstanceEnding || i.State == InstanceGone:
		case s.Now().Sub(i.LaunchedAt) < strayLimit:
		case slices.ContainsFunc(machines, func(m Machine) bool { return m.InstanceID == i.ID }):
		case slices.ContainsFunc(attempts, func(a Attempt) bool { return a.Token() == i.Attempt }):
		case i.LaunchedAt.Before(restored) && s.Now().Before(restored.Add(restoredGrace)):
			s.spare(ctx, i.ID, restored.Add(restoredGrace))
		default:
			strays = append(strays, i.ID)
		}
	}
	if len(strays) == 0 {
		return nil
	}
	return s.endAlone(ctx, strays)
}
