package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// aliveLock is the first half of the number of the locks that queues hold; the
// second is made of the name of a queue's client, which its jobs carry.
const aliveLock = 1_279_478_337

// lookTime is how long one look may take.
const lookTime = 10 * time.Second

// alive shows the other queues of a database that this one is alive, by a lock that
// lasts as long as a connection, and takes up what those were running that have gone.
type alive struct {
	pool   *pgxpool.Pool
	client string
	log    *slog.Logger

	held     *pgxpool.Conn // the connection that holds the lock
	suspects []int64       // jobs that seemed to have been left at the last look
}

// watch looks at every tick until ctx ends.
func (a *alive) watch(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		if err := a.look(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("jobs that another allocator left could not be looked for", "error", err)
		}
	}
}

// look makes sure that the lock is held, and frees the jobs that were left at the
// last look and are left still: whoever has lost a connection takes its lock again
// meanwhile. A job that runs in two allocators all the same does no harm.
func (a *alive) look(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	if err := a.hold(ctx); err != nil {
		return err
	}
	freed, err := a.ids(ctx, "UPDATE river_job j SET state = 'available', scheduled_at = now() WHERE "+left+" AND id = ANY ($2) RETURNING id", a.suspects)
	if err != nil {
		return fmt.Errorf("free jobs: %w", err)
	}
	if len(freed) > 0 {
		a.log.Info("jobs of an allocator that is gone are taken up", "jobs", len(freed))
	}
	if a.suspects, err = a.ids(ctx, "SELECT id FROM river_job j WHERE "+left); err != nil {
		return fmt.Errorf("look for jobs: %w", err)
	}
	return nil
}

// left is true of a job j that is running, while nobody holds the lock of the client
// that runs it, the last one of those that have tried.
const left = `j.state = 'running' AND NOT EXISTS (SELECT 1 FROM pg_locks l
	WHERE l.locktype = 'advisory' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
	AND l.classid::bigint = $1 AND l.objsubid = 2
	AND l.objid::bigint = hashtext(j.attempted_by[array_upper(j.attempted_by, 1)])::bigint & 4294967295)`

func (a *alive) ids(ctx context.Context, query string, args ...any) ([]int64, error) {
	rows, err := a.held.Query(ctx, query, append([]any{int64(aliveLock)}, args...)...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// hold takes the lock, where the connection that held it is gone.
func (a *alive) hold(ctx context.Context) error {
	if a.held != nil && a.held.Ping(ctx) == nil {
		return nil
	}
	a.drop()
	conn, err := a.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	a.held = conn
	if _, err := conn.Exec(ctx, "SELECT pg_advisory_lock($1::int, hashtext($2))", aliveLock, a.client); err != nil {
		a.drop()
		return fmt.Errorf("tell the other allocators that this one is alive: %w", err)
	}
	return nil
}

// drop closes the connection, and the server frees the lock.
func (a *alive) drop() {
	if a.held == nil {
		return
	}
	conn := a.held.Hijack()
	a.held = nil
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}
