package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// TakeTurn gives a host the turn to switch, or lets it keep it, where no other one has
// it.
func (s *Store) TakeTurn(ctx context.Context, t allocator.Turn, life time.Duration) (allocator.Turn, error) {
	var now allocator.Turn
	err := s.change(ctx, func(ctx context.Context, tx conn) error {
		_, err := tx.exec(ctx, `INSERT INTO turns (one, host, wanted, until) VALUES (1, $1, $2, `+s.dialect.Clock+` + $3)
			ON CONFLICT (one) DO UPDATE SET host = excluded.host, wanted = excluded.wanted, until = excluded.until
			WHERE turns.host = excluded.host OR turns.until <= `+s.dialect.Clock, t.Host, t.Release, life.Microseconds())
		if err != nil {
			return fmt.Errorf("take the turn to switch: %w", err)
		}
		if err := tx.row(ctx, "SELECT host, wanted FROM turns").Scan(&now.Host, &now.Release); err != nil {
			return fmt.Errorf("find whose turn it is to switch: %w", err)
		}
		return nil
	})
	return now, err
}

// GiveTurn ends a host's turn to switch.
func (s *Store) GiveTurn(ctx context.Context, host string) error {
	return s.exec(ctx, "give the turn to switch back", "DELETE FROM turns WHERE host = $1", host)
}
