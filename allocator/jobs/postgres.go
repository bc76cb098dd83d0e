package jobs

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// Connections is how many connections a queue on PostgreSQL needs: two that it
// holds, to be told of jobs and to be known to be alive, and some to work with.
const Connections = 5

// OpenShared opens a queue that several allocators share, in a PostgreSQL database,
// and prepares to call run for each operation, until it returns nil. At each tick it
// looks for jobs whose allocator is gone. It closes the pool in the end.
func OpenShared(ctx context.Context, pool *pgxpool.Pool, run func(ctx context.Context, operation string) error, ticks <-chan time.Time, log *slog.Logger) (*Queue, error) {
	id := "allocator-" + rand.Text()
	client, err := prepare(ctx, riverpgxv5.New(pool), id, run, log)
	if err != nil {
		pool.Close()
		return nil, err
	}
	a := &alive{pool: pool, client: id, log: log}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	var watch sync.WaitGroup
	return &Queue{
		client: client,
		count:  func(ctx context.Context) (map[string]int, error) { return countShared(ctx, pool) },
		begin: func(ctx context.Context) error {
			if err := a.hold(ctx); err != nil {
				stop()
				return err
			}
			watch.Go(func() { a.watch(watching, ticks) })
			return nil
		},
		end: func() error {
			stop()
			watch.Wait()
			a.drop()
			pool.Close()
			return nil
		},
	}, nil
}

func countShared(ctx context.Context, pool *pgxpool.Pool) (map[string]int, error) {
	rows, err := pool.Query(ctx, counting)
	if err != nil {
		return nil, err
	}
	out := map[string]int{}
	var state string
	var n int
	_, err = pgx.ForEachRow(rows, []any{&state, &n}, func() error {
		out[state] = n
		return nil
	})
	return out, err
}
