package sqlstore

import (
	"context"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// KeepFailed keeps that a machine that somebody holds is not well, as its agent is silent
// or its instance was stopped, if it is as it was seen and was not heard of since.
func (s *Store) KeepFailed(ctx context.Context, seen allocator.Machine, reason string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		m, err := asSeen(ctx, tx, seen)
		if err != nil {
			return err
		}
		if m.State != allocator.Assigned || !m.HeardAt.Equal(seen.HeardAt) {
			return api.Problemf(api.Conflict, "The machine has changed meanwhile", "The agent of machine %s was heard of just now.", m.ID)
		}
		return tx.all(
			ctx,
			Statement{"UPDATE machines SET health = 'unhealthy', health_reason = $1, health_since = $2, well_since = 0 WHERE id = $3", []any{reason, stamp(at), m.ID}},
			changing(m.ID, m.State, m.State, reason, at),
		)
	})
}
