package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// leaderLock is the number of the lock that the leader holds.
const leaderLock = 7234016839153115650

// leadTime is how long it may take to find out who leads.
const leadTime = 10 * time.Second

// Leader is one of the allocators of a database: at most one of them leads. The
// lead lasts as long as a connection of its own, so the server takes it from one
// that is gone.
type Leader struct {
	db  *sql.DB
	log *slog.Logger

	mu   sync.Mutex
	held *sql.Conn // the connection that holds the lock; nil where another leads
}

// OpenLeader makes this allocator one that may lead. It connects when it is asked.
func OpenLeader(c Config) (*Leader, error) {
	db, err := c.open(1, nil)
	if err != nil {
		return nil, err
	}
	return &Leader{db: db, log: c.Log}, nil
}

// Leads reports whether this allocator leads now, and takes the lead when nobody
// has it.
func (l *Leader) Leads(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, leadTime)
	defer cancel()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held != nil && l.held.PingContext(ctx) == nil {
		return true
	}
	l.drop()
	leads, err := l.take(ctx)
	if err != nil && ctx.Err() == nil {
		l.log.Warn("it is not known which allocator leads, so this one does not", "error", err)
	}
	return leads
}

func (l *Leader) take(ctx context.Context) (bool, error) {
	conn, err := l.db.Conn(ctx)
	if err != nil {
		return false, fmt.Errorf("connect to the database: %w", err)
	}
	var got bool
	err = conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", int64(leaderLock)).Scan(&got)
	if err != nil || !got {
		return false, errors.Join(err, conn.Close())
	}
	l.held = conn
	l.log.Info("this allocator leads now")
	return true, nil
}

// drop closes the connection, and the server frees the lock.
func (l *Leader) drop() {
	if l.held == nil {
		return
	}
	_ = l.held.Raw(func(any) error { return driver.ErrBadConn }) // it is not used again
	_ = l.held.Close()
	l.held = nil
}

// Close gives up the lead.
func (l *Leader) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop()
	return l.db.Close()
}
