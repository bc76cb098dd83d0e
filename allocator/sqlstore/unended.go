package sqlstore

import (
	"context"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// KeepUnended keeps why a machine that is to end has not, if it is as it was seen. When it
// was told to end stays as it was.
func (s *Store) KeepUnended(ctx context.Context, seen allocator.Machine, why string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		m, err := asSeen(ctx, tx, seen)
		if err != nil {
			return err
		}
		if m.State != allocator.Terminating {
			return api.Problemf(api.Conflict, "The machine is not to end", "Machine %s is %s.", m.ID, m.State)
		}
		return tx.all(
			ctx,
			Statement{"UPDATE machines SET reason = $1 WHERE id = $2", []any{why, m.ID}},
			changing(m.ID, m.State, m.State, why, at),
		)
	})
}
