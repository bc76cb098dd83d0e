package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"

	"github.com/riverqueue/river/riverdriver/riversqlite"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Open opens the SQLite file at path, makes it when it is not there, and prepares to
// call run for each operation, until it returns nil.
func Open(ctx context.Context, path string, run func(ctx context.Context, operation string) error, log *slog.Logger) (*Queue, error) {
	pragmas := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(NORMAL)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Opaque: path, RawQuery: pragmas.Encode()}).String())
	if err != nil {
		return nil, fmt.Errorf("open the job queue %s: %w", path, err)
	}
	db.SetMaxOpenConns(1) // SQLite has one writer, and River mostly writes
	client, err := prepare(ctx, alone{riversqlite.New(db)}, "", run, log)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Queue{
		client: client, count: func(ctx context.Context) (map[string]int, error) { return countIn(ctx, db) },
		begin: func(ctx context.Context) error { return dropInterrupted(ctx, db) }, end: db.Close,
	}, nil
}

// alone is a driver of River for a file that no other process uses. Who queues a job wakes
// whoever runs it, so nobody has to look for notifications twenty times a second.
type alone struct{ *riversqlite.Driver }

// SupportsListener is no: nobody else is there to listen to.
func (alone) SupportsListener() bool { return false }

// SupportsListenNotify is no: nobody else is there to be told.
func (alone) SupportsListenNotify() bool { return false }

func countIn(ctx context.Context, db *sql.DB) (map[string]int, error) {
	rows, err := db.QueryContext(ctx, counting)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]int{}
	for rows.Next() {
		var state string
		var n int
		if err := rows.Scan(&state, &n); err != nil {
			return nil, err
		}
		out[state] = n
	}
	return out, rows.Err()
}

// dropInterrupted drops what a killed process left as running: the allocator queues
// it again from its store. Nobody else uses this file, so no job is running yet.
func dropInterrupted(ctx context.Context, db *sql.DB) error {
	if _, err := db.ExecContext(ctx, "DELETE FROM river_job WHERE state = 'running'"); err != nil {
		return fmt.Errorf("clear interrupted jobs: %w", err)
	}
	return nil
}
