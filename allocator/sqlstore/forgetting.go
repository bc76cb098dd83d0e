package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// Forget removes what is too old.
func (s *Store) Forget(ctx context.Context, b allocator.Bygone, now time.Time) error {
	err := s.change(ctx, func(ctx context.Context, tx conn) error {
		return tx.all(ctx,
			Statement{"UPDATE logs SET at = $1 WHERE at = 0", []any{stamp(now)}},
			Statement{"DELETE FROM logs WHERE at < $1", []any{stamp(b.Logs)}},
			Statement{"DELETE FROM answers WHERE at < $1", []any{stamp(b.Answers)}},
			Statement{"DELETE FROM refusals WHERE at < $1", []any{stamp(b.Refused)}},
			Statement{"DELETE FROM sessions WHERE expiry <= $1", []any{stamp(b.Expired)}},
			Statement{"DELETE FROM proofs WHERE until < $1", []any{stamp(b.Expired)}},
		)
	})
	if err != nil {
		return fmt.Errorf("remove what is too old: %w", err)
	}
	return nil
}
