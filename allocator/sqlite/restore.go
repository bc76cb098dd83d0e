package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// sides are what SQLite keeps beside a database file.
var sides = []string{"", "-wal", "-shm"}

// Restore puts what a backup holds in the place of a database that nobody uses, and
// returns what the old one is called from then on, "" where there was none. Nothing
// has changed when it fails.
func Restore(ctx context.Context, backup, to string, at time.Time, log *slog.Logger) (aside string, err error) {
	part := to + ".restoring"
	defer func() {
		if err != nil {
			remove(part)
		}
	}()
	remove(part) // of one that was killed
	if err := prepare(ctx, backup, part, at, log); err != nil {
		return "", err
	}
	if aside, err = putAside(to, at); err != nil {
		return "", err
	}
	if err := os.Rename(part, to); err != nil {
		return aside, fmt.Errorf("put the backup in its place: %w", err)
	}
	return aside, flush(filepath.Dir(to))
}

// prepare makes of a backup a database of this release's schema. The backup itself
// is only read.
func prepare(ctx context.Context, backup, part string, at time.Time, log *slog.Logger) error {
	for _, side := range []string{"", "-wal"} { // a volume's snapshot has both
		err := clone(backup+side, part+side)
		if side != "" && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the backup: %w", err)
		}
	}
	if err := Check(ctx, part); err != nil {
		return errors.New(strings.ReplaceAll(err.Error(), part, backup))
	}
	if err := checkVersion(ctx, backup, part); err != nil {
		return err
	}
	store, err := Open(ctx, part, log)
	if err != nil {
		return err
	}
	if err := errors.Join(store.Restored(ctx, at), store.Close()); err != nil {
		return err
	}
	if _, err := os.Stat(part + "-wal"); !errors.Is(err, fs.ErrNotExist) {
		return errors.New("what was restored is not all in one file")
	}
	return flush(part)
}

func clone(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// checkVersion refuses a backup of something else, and one whose schema is newer
// than what this release knows.
func checkVersion(ctx context.Context, backup, part string) error {
	db, err := connect(part, 1)
	if err != nil {
		return err
	}
	var has int64
	err = db.QueryRowContext(ctx, "SELECT max(version_id) FROM goose_db_version WHERE is_applied").Scan(&has)
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("%s is no backup of an allocator: %w", backup, err)
	}
	knows, err := newest()
	if err != nil {
		return err
	}
	if has > knows {
		return fmt.Errorf("%s is of a newer release: its schema is %d, and this one knows %d. Restore it with the release that made it, or a newer one", backup, has, knows)
	}
	return nil
}

// newest is the number of the newest migration.
func newest() (version int64, err error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return 0, fmt.Errorf("list migrations: %w", err)
	}
	for _, name := range names {
		number, _, _ := strings.Cut(filepath.Base(name), "_")
		n, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read the number of %s: %w", name, err)
		}
		version = max(version, n)
	}
	return version, nil
}

// putAside gives a database that nobody uses another name, with what SQLite keeps
// beside it, and returns the name; "" where there is none. Under the old name the
// file itself stays too, for what takes its place: a crash leaves no gap.
func putAside(path string, at time.Time) (aside string, err error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	aside, err = link(path, path+".before-"+at.UTC().Format("20060102T150405Z"))
	if err != nil {
		return "", fmt.Errorf("keep the old database: %w", err)
	}
	for _, side := range sides[1:] { // the log of the old one must not meet the new one
		if err := os.Rename(path+side, aside+side); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return aside, fmt.Errorf("keep the old database: %w", err)
		}
	}
	return aside, flush(filepath.Dir(path))
}

// link gives a file another name too, numbered where something has that already: of a
// restore within the same second.
func link(path, to string) (as string, err error) {
	as = to
	for n := 2; ; n++ {
		if err := os.Link(path, as); !errors.Is(err, fs.ErrExist) {
			return as, err
		}
		as = fmt.Sprintf("%s-%d", to, n)
	}
}

// remove removes a database, where there is one.
func remove(path string) {
	for _, side := range sides {
		_ = os.Remove(path + side)
	}
}
