package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// Spells are those of machines that were there after since, and of all that a workshop
// has had that is open.
func (s *Store) Spells(ctx context.Context, since time.Time) ([]allocator.Spell, error) {
	out, err := list(ctx, s.read, scanSpell, `SELECT workshop_id, pool, type, spot, launched_at, CASE state WHEN 'terminated' THEN changed_at ELSE 0 END FROM machines
		WHERE launched_at > 0 AND (state <> 'terminated' OR changed_at >= $1 OR workshop_id IN (SELECT id FROM workshops WHERE state = 'open'))
		ORDER BY launched_at, id`, stamp(since))
	if err != nil {
		return nil, fmt.Errorf("list how long machines were there: %w", err)
	}
	return out, nil
}

func scanSpell(row scanner) (allocator.Spell, error) {
	var out allocator.Spell
	var from, to int64
	err := row.Scan(&out.WorkshopID, &out.Pool, &out.Type, &out.Spot, &from, &to)
	out.From, out.To = fromStamp(from), fromStamp(to)
	return out, err
}

// CapWorkshop keeps since when the budget of a workshop is used up, and whether it gives
// no machines for that.
func (s *Store) CapWorkshop(ctx context.Context, id string, since time.Time, withheld bool) error {
	return s.exec(ctx, "keep that the budget of "+id+" is used up", "UPDATE workshops SET capped_at = $1, withheld = $2 WHERE id = $3 AND state = 'open'", stamp(since), withheld, id)
}
