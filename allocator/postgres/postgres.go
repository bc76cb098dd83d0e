package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	// readers is how many connections read. Many allocators share what a small
	// database can have, about a hundred.
	readers = 4
	// batchLimit is how long a batch of changes may take. It is longer than what the
	// server bounds, so that the server's own error comes first where it can.
	batchLimit = 15 * time.Second
)

// limits make the server end what stalls: no allocator that hangs, or whose
// computer is gone, holds the others for longer than some seconds.
// Statements are planned once: they are simple, and many.
var limits = map[string]string{
	"plan_cache_mode":                     "force_generic_plan",
	"idle_in_transaction_session_timeout": "5s",  // a batch whose allocator is silent
	"lock_timeout":                        "8s",  // so that one outlasts such a batch of another's
	"statement_timeout":                   "10s", // waiting for a lock counts
}

// dialect is what PostgreSQL does otherwise. The number of the lock is this
// program's own.
var dialect = sqlstore.Dialect{
	Begin: "SELECT pg_advisory_xact_lock(7234016839153115649); ",
	Clock: "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
	Limit: batchLimit, All: all, Bytes: "decode(%s, 'hex')", Each: "jsonb_each", Size: "SELECT pg_database_size(current_database())", Word: word, Unsure: unsure,
}

// all sends statements together and then waits for what became of them.
func all(ctx context.Context, on *sql.Conn, statements []sqlstore.Statement) error {
	return on.Raw(func(raw any) error {
		var b pgx.Batch
		for _, s := range statements {
			b.Queue(s.Query, s.Args...)
		}
		return raw.(*stdlib.Conn).Conn().SendBatch(ctx, &b).Close()
	})
}

// Open opens the database and brings its schema up to date.
func Open(ctx context.Context, c Config) (*sqlstore.Store, error) {
	if err := migrate(ctx, c); err != nil {
		return nil, err
	}
	return connect(c)
}

// connect opens the database as it is.
func connect(c Config) (*sqlstore.Store, error) {
	write, err := c.open(1, limits)
	if err != nil {
		return nil, err
	}
	read, err := c.open(readers, limits)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return sqlstore.New(write, read, dialect), nil
}

// migrate brings the schema up to date, each step in a transaction of its own, and
// one allocator at a time. A newer schema than this release knows is left as it is:
// the one after it made it, and went back.
func migrate(ctx context.Context, c Config) error {
	db, err := c.open(1, nil) // a migration may take its time
	if err != nil {
		return err
	}
	err = migrateBy(ctx, db, c.Log)
	return errors.Join(err, db.Close())
}

func migrateBy(ctx context.Context, db *sql.DB, log *slog.Logger) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return fmt.Errorf("make a lock for migrations: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithSlog(log), goose.WithSessionLocker(locker))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", word(err))
	}
	return nil
}
