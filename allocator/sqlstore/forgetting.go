package sqlstore

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// unknown is the stamp of what was logged when nobody knew the time. The release before
// removes what has a small one.
const unknown = math.MaxInt64

// mostForgotten is how many rows one change takes: others wait for it.
const mostForgotten = 1000

// Forget removes what is too old, a little at a time, the largest table last.
func (s *Store) Forget(ctx context.Context, b allocator.Bygone, now time.Time) error {
	for _, one := range []Statement{
		{"DELETE FROM proofs WHERE digest IN (SELECT digest FROM proofs WHERE until < $1 LIMIT $2)", []any{stamp(b.Expired), mostForgotten}},
		{"DELETE FROM sessions WHERE token IN (SELECT token FROM sessions WHERE expiry <= $1 LIMIT $2)", []any{stamp(b.Expired), mostForgotten}},
		{`DELETE FROM refusals WHERE (pool, type, place, spot) IN (
			SELECT pool, type, place, spot FROM refusals WHERE at < $1 LIMIT $2)`, []any{stamp(b.Refused), mostForgotten}},
		{"DELETE FROM answers WHERE key IN (SELECT key FROM answers WHERE at < $1 LIMIT $2)", []any{stamp(b.Answers), mostForgotten}},
		// The release before has stamped what it knew no time of with 0.
		{"UPDATE logs SET at = $1 WHERE seq IN (SELECT seq FROM logs WHERE at IN (0, $2) LIMIT $3)", []any{stamp(now), int64(unknown), mostForgotten}},
		{"DELETE FROM logs WHERE seq IN (SELECT seq FROM logs WHERE at < $1 LIMIT $2)", []any{stamp(b.Logs), mostForgotten}},
	} {
		if err := s.whole(ctx, one); err != nil {
			return fmt.Errorf("remove what is too old: %w", err)
		}
	}
	return nil
}

// whole makes a change again and again, until it finds less than it may take.
func (s *Store) whole(ctx context.Context, one Statement) error {
	for count := int64(mostForgotten); count >= mostForgotten; {
		err := s.change(ctx, func(ctx context.Context, tx conn) error {
			done, err := tx.exec(ctx, one.Query, one.Args...)
			if err != nil {
				return err
			}
			count, err = done.RowsAffected()
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
