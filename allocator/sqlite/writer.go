package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
)

// maxBatch bounds how many changes are committed together.
const maxBatch = 256

// errClosed is returned for changes after the store was closed.
var errClosed = errors.New("the database is closed")

// writer runs changes one after the other and commits those that wait together.
type writer struct {
	db      *sql.DB
	changes chan change
	done    sync.WaitGroup

	mu     sync.RWMutex // held for reading while a change is submitted
	closed bool
}

type change struct {
	do     func(ctx context.Context, tx *sql.Tx) error
	result chan error
}

func newWriter(db *sql.DB) *writer {
	w := &writer{db: db, changes: make(chan change, maxBatch)}
	w.done.Go(func() {
		for first := range w.changes {
			w.commit(first)
		}
	})
	return w
}

// change runs do in a transaction and returns once it is on the disk. An error
// of do undoes what do did, and nothing else.
func (w *writer) change(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	c := change{do: do, result: make(chan error, 1)}
	if err := w.submit(ctx, c); err != nil {
		return err
	}
	// From here on it may happen, so the answer is waited for.
	return <-c.result
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

// commit runs a change, and all that are waiting behind it, in one transaction.
func (w *writer) commit(first change) {
	ctx := context.Background()
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		first.result <- fmt.Errorf("begin a transaction: %w", err)
		return
	}
	batch, results := []change{first}, []error{savepoint(ctx, tx, first.do)}
	for len(batch) < maxBatch {
		select {
		case c, open := <-w.changes:
			if !open {
				break
			}
			batch, results = append(batch, c), append(results, savepoint(ctx, tx, c.do))
			continue
		default:
		}
		break
	}
	if err := tx.Commit(); err != nil {
		err = fmt.Errorf("commit: %w", errors.Join(err, tx.Rollback()))
		for i := range results {
			results[i] = err
		}
	}
	for i, c := range batch {
		c.result <- results[i]
	}
}

// savepoint runs do so that its error undoes only what do did.
func savepoint(ctx context.Context, tx *sql.Tx, do func(context.Context, *sql.Tx) error) error {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT one"); err != nil {
		return fmt.Errorf("begin a change: %w", err)
	}
	err := do(ctx, tx)
	if err != nil {
		if _, undo := tx.ExecContext(ctx, "ROLLBACK TO one"); undo != nil {
			return errors.Join(err, undo)
		}
	}
	if _, end := tx.ExecContext(ctx, "RELEASE one"); end != nil {
		return errors.Join(err, end)
	}
	return err
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
	return w.db.Close()
}
