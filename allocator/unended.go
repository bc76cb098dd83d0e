package allocator

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// betweenRefusals is how long an ending waits where EC2 refuses to end what is left.
const betweenRefusals = time.Minute

// refusedToEnd is why a machine whose instance EC2 does not end has not ended.
const refusedToEnd = "AWS refuses to end it: "

// Unended is the error of a Compute for instances that EC2 refuses to end. Others that
// were to end with them are ending.
type Unended struct {
	Why map[string]string // by instance, for people
}

func (u *Unended) Error() string {
	var parts []string
	for _, id := range slices.Sorted(maps.Keys(u.Why)) {
		parts = append(parts, id+": "+u.Why[id])
	}
	return "AWS refuses to end " + strings.Join(parts, "; ")
}

// Unwrap is what the refusal is for programs.
func (u *Unended) Unwrap() error {
	return &api.Problem{Title: "AWS refuses to end an instance", Code: api.Conflict}
}

// Unended reports whether a machine is there still because EC2 refuses to end its instance.
func (m Machine) Unended() bool {
	return m.State == Terminating && strings.HasPrefix(m.Reason, refusedToEnd)
}

// endInstances begins to end instances, if EC2 answers in time.
func (s *Service) endInstances(ctx context.Context, ids []string) error {
	ctx, cancel := context.WithTimeout(ctx, lookLimit)
	defer cancel()
	return s.Compute.Terminate(ctx, ids)
}

// terminate ends the instances of machines. It returns how many EC2 refuses to end, of
// which their machines tell.
func (s *Service) terminate(ctx context.Context, machines []Machine) (refused int, err error) {
	ids := make([]string, len(machines))
	for i, m := range machines {
		ids[i] = m.InstanceID
	}
	err = s.endInstances(ctx, ids)
	var kept *Unended
	if !errors.As(err, &kept) {
		return 0, err
	}
	for _, m := range machines {
		why, is := kept.Why[m.InstanceID]
		if why = refusedToEnd + why; !is || m.Reason == why {
			continue
		}
		err := s.Store.KeepUnended(ctx, m, why, s.Now())
		if err != nil && api.CodeOf(err) != api.Conflict {
			return 0, fmt.Errorf("keep why machine %s has not ended: %w", m.ID, err)
		}
	}
	return len(kept.Why), nil
}

// endAlone ends instances that no machine holds, and tells of each: once of one that EC2
// refuses to end.
func (s *Service) endAlone(ctx context.Context, strays []string) error {
	err := s.endInstances(ctx, strays)
	var kept *Unended
	if err != nil && !errors.As(err, &kept) {
		return fmt.Errorf("end %d instances that no machine holds: %w", len(strays), err)
	}
	for _, id := range strays {
		if kept == nil || kept.Why[id] == "" {
			s.Log.Warn("an instance that no machine holds was ended", "instance", id)
			s.record(ctx, Allocator, "end stray instance", id, "no machine holds it")
			continue
		}
		if _, told := s.unended.LoadOrStore(id, true); !told {
			s.Log.Warn("an instance that no machine holds cannot be ended; it is tried again", "instance", id, "why", kept.Why[id])
			s.record(ctx, Allocator, "keep stray instance", id, "no machine holds it, and AWS refuses to end it: "+kept.Why[id])
		}
	}
	return nil
}
