package sqlstore

import (
	"context"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// Prices are what AWS told last of what things cost in a Region.
func (s *Store) Prices(ctx context.Context, region string) (map[price.Thing]price.Price, error) {
	type row struct {
		thing price.Thing
		price price.Price
	}
	rows, err := list(ctx, s.read, func(from scanner) (r row, err error) {
		return r, from.Scan(&r.thing, &r.price.USD, &r.price.Per, &r.price.From)
	}, "SELECT thing, usd, per, origin FROM prices WHERE region = $1", region)
	if err != nil {
		return nil, fmt.Errorf("read the prices that AWS told: %w", err)
	}
	out := make(map[price.Thing]price.Price, len(rows))
	for _, r := range rows {
		out[r.thing] = r.price
	}
	return out, nil
}

// KeepPrices keeps what AWS told. What it did not tell stays as it was told before.
func (s *Store) KeepPrices(ctx context.Context, region string, told map[price.Thing]price.Price) error {
	err := s.change(ctx, func(ctx context.Context, tx conn) error {
		for thing, p := range told {
			_, err := tx.exec(ctx, `INSERT INTO prices (region, thing, usd, per, origin) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (region, thing) DO UPDATE SET usd = excluded.usd, per = excluded.per, origin = excluded.origin`,
				region, string(thing), p.USD, string(p.Per), string(p.From))
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep the prices that AWS told: %w", err)
	}
	return nil
}
