package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// mostRefused is how much of what was refused is told.
const mostRefused = 200

// KeepRefused keeps what was refused, the newest of each place.
func (s *Store) KeepRefused(ctx context.Context, all []allocator.Refused) error {
	err := s.change(ctx, func(ctx context.Context, tx conn) error {
		for _, r := range all {
			_, err := tx.exec(ctx, `INSERT INTO refusals (pool, type, place, spot, code, why, at, until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
				ON CONFLICT (pool, type, place, spot) DO UPDATE SET code = excluded.code, why = excluded.why, at = excluded.at, until = excluded.until
				WHERE excluded.at >= refusals.at`,
				r.Pool, r.Type, r.Where, r.Spot, string(r.Code), r.Why, stamp(r.At), stamp(r.Until))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep what AWS refused: %w", err)
	}
	return nil
}

// Refused lists what was refused.
func (s *Store) Refused(ctx context.Context, since time.Time) ([]allocator.Refused, error) {
	out, err := list(ctx, s.read, func(row scanner) (r allocator.Refused, err error) {
		var at, until int64
		err = row.Scan(&r.Pool, &r.Type, &r.Where, &r.Spot, &r.Code, &r.Why, &at, &until)
		r.At, r.Until = fromStamp(at), fromStamp(until)
		return r, err
	}, "SELECT pool, type, place, spot, code, why, at, until FROM refusals WHERE at >= $1 ORDER BY at DESC, pool, type, place, spot LIMIT $2", stamp(since), mostRefused)
	if err != nil {
		return nil, fmt.Errorf("list what AWS refused: %w", err)
	}
	return out, nil
}
