package sqlstore

import (
	"context"
	"time"
)

// KeepHeard keeps that a machine's agent was heard of.
func (s *Store) KeepHeard(ctx context.Context, machine, boot string, active, at time.Time) error {
	return s.exec(ctx, "keep that the agent of "+machine+" was heard of",
		`UPDATE machines SET boot_id = $1, heard_at = $3,
		active_at = CASE WHEN $2 = 0 OR active_at < $2 THEN $2 ELSE active_at END WHERE id = $4`, boot, stamp(active), stamp(at), machine)
}
