package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Backup writes a copy of a database that others may go on with to a file of its
// own, which must not be there yet. It is there once it is whole and on the disk.
func Backup(ctx context.Context, from, to string) (err error) {
	if _, err := os.Stat(from); err != nil { // opening it would make one
		return fmt.Errorf("find the database: %w", err)
	}
	if _, err := os.Lstat(to); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is there already, and is not written over: choose another name", to)
	}
	part := to + ".part"
	// It holds sums of secrets, and addresses: it is for nobody else from the start.
	f, err := os.OpenFile(part, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(part)
		}
	}()
	if err := f.Close(); err != nil {
		return fmt.Errorf("make the backup: %w", err)
	}
	if err := Copy(ctx, from, part); err != nil {
		return err
	}
	if err := Check(ctx, part); err != nil {
		return err
	}
	if err := flush(part); err != nil { // VACUUM does not
		return err
	}
	if err := os.Link(part, to); err != nil { // unlike a rename it writes nothing over
		return fmt.Errorf("give the backup its name: %w", err)
	}
	return errors.Join(os.Remove(part), flush(filepath.Dir(to)))
}

// Check looks whether a database file is whole.
func Check(ctx context.Context, path string) error {
	db, err := connect(path, 1)
	if err != nil {
		return err
	}
	var said string
	err = db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&said)
	switch {
	case err != nil:
		err = fmt.Errorf("%s is no database, or is damaged: %w", path, err)
	case said != "ok":
		err = fmt.Errorf("%s is damaged: %s", path, said)
	}
	return errors.Join(err, db.Close())
}

// flush waits until a file or folder is on the disk.
func flush(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("flush %s: %w", path, err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("flush %s: %w", path, err)
	}
	return nil
}
