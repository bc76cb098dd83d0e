package allocator

import (
	"context"
	"fmt"
	"time"
)

const (
	// labelsAtOnce is how many instances are marked at a look: each needs a call of its
	// own, as the mark of a machine is like no other's.
	labelsAtOnce = 20
	// labelTime is how long that may take, where EC2 asks to go slower: the rest of what
	// is done at a look waits for it.
	labelTime = 5 * time.Second
)

// label marks the instances of machines that lack a mark: what was just launched, and what
// could not be marked before. The rest has its turn at the next look.
func (s *Service) label(ctx context.Context, instances []Instance, machines []Machine) error {
	of := make(map[string]Machine, len(machines))
	for _, m := range machines {
		of[m.InstanceID] = m
	}
	var lack []Label
	for _, i := range instances {
		m, held := of[i.ID]
		if !held || i.State == InstanceEnding || i.State == InstanceGone || len(lack) == labelsAtOnce {
			continue
		}
		l := Label{Instance: i.ID}
		if i.Machine != m.ID {
			l.Machine = m.ID
		}
		if i.Workshop != m.WorkshopID {
			l.Workshop = m.WorkshopID
		}
		if l.Machine != "" || l.Workshop != "" {
			lack = append(lack, l)
		}
	}
	if len(lack) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, labelTime)
	defer cancel()
	if err := s.Compute.Label(ctx, lack); err != nil {
		return fmt.Errorf("mark %d instances as machines: %w", len(lack), err)
	}
	return nil
}
