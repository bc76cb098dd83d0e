package sqlite

import (
	"context"
	"errors"
	"fmt"
)

// Copy writes what a database file holds at one moment to another file, which must
// not be there yet. Others may go on reading and writing the first.
func Copy(ctx context.Context, from, to string) error {
	db, err := connect(from, 1)
	if err != nil {
		return err
	}
	if _, err = db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		err = fmt.Errorf("copy the database %s: %w", from, err)
	}
	return errors.Join(err, db.Close())
}
