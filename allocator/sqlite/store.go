package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"runtime"

	"github.com/pressly/goose/v3"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Open opens the file at path, makes it when it is not there, and brings its
// schema up to date.
func Open(ctx context.Context, path string, log *slog.Logger) (*sqlstore.Store, error) {
	return open(ctx, path, log, standard)
}

// standard are the pragmas of each connection. Every commit is flushed to the disk.
var standard = []string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}

// open opens it with other pragmas for what writes.
func open(ctx context.Context, path string, log *slog.Logger, writing []string) (*sqlstore.Store, error) {
	write, err := connectWith(path, 1, writing)
	if err != nil {
		return nil, err
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read migrations: %w", err), write.Close())
	}
	if err := migrate(ctx, write, files, log); err != nil {
		return nil, errors.Join(err, write.Close())
	}
	read, err := connect(path, max(2, runtime.NumCPU()))
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return sqlstore.New(write, read, dialect), nil
}

var dialect = sqlstore.Dialect{Prepare: true, Bytes: "unhex(%s)", Clock: "CAST(unixepoch('subsec') * 1000000 AS INTEGER)", Size: "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()", Word: word}

// connect opens at most limit connections.
func connect(path string, limit int) (*sql.DB, error) { return connectWith(path, limit, standard) }

func connectWith(path string, limit int, pragmas []string) (*sql.DB, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: path, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open the database %s: %w", path, err)
	}
	db.SetMaxOpenConns(limit)
	db.SetMaxIdleConns(limit)
	return db, nil
}

// migrate brings the schema up to date, each step in a transaction of its own. A
// newer schema than this release knows is left as it is: the one after it made it,
// and went back.
func migrate(ctx context.Context, db *sql.DB, files fs.FS, log *slog.Logger) error {
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithSlog(log))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}
