package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// maxBatch bounds how many changes are committed together.
const maxBatch = 256

// errClosed is returned for changes after the store was closed.
var errClosed = errors.New("the database is closed")

// writer runs changes one after the other and commits those that wait together.
type writer struct {
	db      *sql.DB
	dialect Dialect
	changes chan change
	done    sync.WaitGroup
	raw     *sql.Conn                                    // on which batches run; nil before, and between them where it is not kept
	known   *prepared                                    // the statements that raw knows
	hears   atomic.Pointer[func(time.Duration)]          // how long each commit took
	holds   atomic.Pointer[func(string, allocator.Hold)] // machines that others hold by now

	mu     sync.RWMutex // held for reading while a change is submitted
	closed bool
}

// change is one of do and claim.
type change struct {
	do     func(ctx context.Context, tx conn) error
	claim  *claim // those that wait together are made together
	result chan error
}

func newWriter(db *sql.DB, d Dialect) *writer {
	w := &writer{db: db, dialect: d, changes: make(chan change, maxBatch)}
	w.done.Go(func() {
		for first := range w.changes {
			w.run(first)
		}
	})
	return w
}

// change runs do in a transaction and returns once it is on the disk. An error
// of do undoes what do did, and nothing else.
func (w *writer) change(ctx context.Context, do func(ctx context.Context, tx conn) error) error {
	return w.await(ctx, change{do: do, result: make(chan error, 1)})
}

func (w *writer) await(ctx context.Context, c change) error {
	if err := w.submit(ctx, c); err != nil {
		return err
	}
	// From here on it may happen, so the answer is waited for.
	return <-c.result
}

// OnCommit lets f hear how long each commit takes from now on.
func (w *writer) OnCommit(f func(took time.Duration)) { w.hears.Store(&f) }

func (w *writer) told(took time.Duration) {
	if f := w.hears.Load(); f != nil {
		(*f)(took)
	}
}

// OnHold lets f hear, from now on, of each machine that somebody else holds than
// before, or nobody; who it is may be to be looked up. It may hear of one too often. It
// must not wait.
func (w *writer) OnHold(f func(machine string, by allocator.Hold)) { w.holds.Store(&f) }

func (w *writer) tellHolds(machines []reheld) {
	f := w.holds.Load()
	if f == nil {
		return
	}
	for _, m := range machines {
		(*f)(m.machine, m.by)
	}
}

func (w *writer) submit(ctx context.Context, c change) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.changes <- c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// run runs a change, and all that are waiting behind it, and answers them. When the
// batch as a whole fails, so have all of them: what one was refused for may be what
// another did.
func (w *writer) run(first change) {
	ctx, cancel := context.Background(), func() {}
	if w.dialect.Limit > 0 {
		ctx, cancel = context.WithTimeout(ctx, w.dialect.Limit)
	}
	defer cancel()
	b := &batch{writer: w, changes: []change{first}}
	err := b.run(ctx)
	for i, c := range b.changes {
		if err != nil {
			c.result <- err
		} else {
			c.result <- b.results[i]
		}
	}
}

// close runs what was submitted and refuses the rest.
func (w *writer) close() error {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.changes)
	}
	w.mu.Unlock()
	w.done.Wait()
	return errors.Join(w.drop(), w.db.Close())
}

// drop gives the connection back, and forgets what it knows.
func (w *writer) drop() error {
	if w.raw == nil {
		return nil
	}
	err := errors.Join(w.known.close(), w.raw.Close())
	w.raw, w.known = nil, nil
	return err
}
