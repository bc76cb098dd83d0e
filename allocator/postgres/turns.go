package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
)

// OpenTurns opens the database for whose turn it is to switch to another release, and
// leaves its schema as it is. It returns nil where the schema knows no turns: that of an
// older release.
func OpenTurns(ctx context.Context, c Config) (*sqlstore.Store, error) {
	known, err := knowsTurns(ctx, c)
	if err != nil || !known {
		return nil, err
	}
	return connect(c)
}

func knowsTurns(ctx context.Context, c Config) (known bool, err error) {
	db, err := c.open(1, nil)
	if err != nil {
		return false, err
	}
	err = db.QueryRowContext(ctx, "SELECT to_regclass('turns') IS NOT NULL").Scan(&known)
	if err != nil {
		err = fmt.Errorf("look whether the database knows turns: %w", word(err))
	}
	return known, errors.Join(err, db.Close())
}
