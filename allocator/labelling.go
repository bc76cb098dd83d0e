package allocator

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
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

// labelled is where marking ended: the instance that it came to last.
type labelled struct {
	mu   sync.Mutex
	last string
}

// turn is whose turn it is of those that lack marks: who comes after the last one, and
// then, from the first again, who is left.
func (l *labelled) turn(lack []Label) []Label {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.SortFunc(lack, func(a, b Label) int { return cmp.Compare(a.Instance, b.Instance) })
	next, found := slices.BinarySearchFunc(lack, l.last, func(a Label, last string) int { return cmp.Compare(a.Instance, last) })
	if found {
		next++
	}
	lack = slices.Concat(lack[next:], lack[:next])
	return lack[:min(len(lack), labelsAtOnce)]
}

func (l *labelled) ended(last string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last = last
}

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
		if !held || i.State == InstanceEnding || i.State == InstanceGone {
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
	lack = s.labels.turn(lack)
	tried, err := s.Compute.Label(ctx, lack)
	s.labels.ended(lack[max(tried, 1)-1].Instance)
	if err != nil {
		return fmt.Errorf("mark %d instances as machines: %w", len(lack), err)
	}
	return nil
}
