package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// batch is a transaction that holds several changes.
type batch struct {
	*writer
	changes []change
	results []error // what each change said
	before  string  // what is run before the next change
	reheld  []reheld
}

// run runs the changes, and those that come meanwhile, and commits them.
func (b *batch) run(ctx context.Context) error {
	tx, on, err := b.begin(ctx)
	if err != nil {
		for b.take() { // they would meet the same, one after the other
		}
		return fmt.Errorf("begin a transaction: %w", b.dialect.Word(err))
	}
	defer b.end()
	on.reheld = &b.reheld
	if err := b.runAll(ctx, on); err != nil {
		_ = tx.Rollback() // where that fails, the connection is gone, and with it the transaction
		return err
	}
	begin := time.Now()
	err = tx.Commit()
	b.told(time.Since(begin))
	if err != nil {
		_ = tx.Rollback() // SQLite leaves it open
		return b.uncommitted(err)
	}
	b.tellHolds(b.reheld)
	return nil
}

// begin begins a transaction, and says on what its statements run.
func (w *writer) begin(ctx context.Context) (tx *sql.Tx, on conn, err error) {
	if w.raw == nil {
		if w.raw, err = w.db.Conn(ctx); err != nil {
			return nil, on, err
		}
		w.known = &prepared{on: w.raw}
	}
	if tx, err = w.raw.BeginTx(ctx, nil); err != nil {
		return nil, on, errors.Join(err, w.drop())
	}
	on = conn{on: tx, dialect: w.dialect, raw: w.raw}
	if w.dialect.Prepare {
		on.on = w.known // what runs on the connection runs in its transaction
	}
	return tx, on, nil
}

// end gives the connection back, unless it knows statements.
func (w *writer) end() {
	if !w.dialect.Prepare {
		_ = w.drop() // the connection goes back to where they are kept
	}
}

// take adds a change that is waiting to the batch.
func (b *batch) take() bool {
	if len(b.changes) == maxBatch {
		return false
	}
	select {
	case c, ok := <-b.writer.changes:
		if ok {
			b.changes = append(b.changes, c)
		}
		return ok
	default:
		return false
	}
}

// runAll runs the changes, claims together and all else one by one. Two statements at
// once are one way to the database and back.
func (b *batch) runAll(ctx context.Context, tx conn) error {
	b.before = b.dialect.Begin + "SAVEPOINT one"
	for len(b.results) < len(b.changes) || b.take() {
		n := b.together()
		said, err := b.step(ctx, tx, n)
		for ; err == nil && said != nil && n > 1; n-- { // one of them is to blame: each by itself
			_, err = b.step(ctx, tx, 1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// together is how many of the changes that come next are made together.
func (b *batch) together() int {
	done := len(b.results)
	if b.changes[done].claim == nil {
		return 1
	}
	for b.take() { // whoever waits
	}
	return alike(b.changes[done:])
}

// step runs the next n changes behind a savepoint, so that their error undoes only what
// they did. What several said together is no result yet.
func (b *batch) step(ctx context.Context, tx conn, n int) (said, err error) {
	if b.before != "" {
		if _, err := tx.exec(ctx, b.before); err != nil {
			return nil, fmt.Errorf("begin a change: %w", err)
		}
	}
	next, told := b.changes[len(b.results):][:n], len(b.reheld)
	if next[0].claim != nil {
		said = claimAll(ctx, tx, next)
	} else {
		said = next[0].do(ctx, tx)
	}
	b.before = "RELEASE one; SAVEPOINT one"
	if said != nil {
		if _, err := tx.exec(ctx, "ROLLBACK TO one"); err != nil {
			return said, undone(said, err)
		}
		b.before = "" // the savepoint is there still
		b.reheld = b.reheld[:told]
	}
	if said == nil || n == 1 {
		b.results = append(b.results, slices.Repeat([]error{said}, n)...)
	}
	return said, nil
}

// undone is the error of a batch in which a change could not be undone by itself. When
// the database failed in the change, it has undone the whole transaction already.
func undone(said, err error) error {
	if api.CodeOf(said) == api.Unavailable {
		return said
	}
	return fmt.Errorf("undo a change: %w", err)
}

// uncommitted is the error of a commit that failed.
func (b *batch) uncommitted(err error) error {
	if b.dialect.Unsure(err) {
		return fmt.Errorf("%w (%w: %w)", api.Problemf(api.Unavailable, "It is not known whether that happened",
			"The database went away while the change was being written down. Look whether it is there before you try again."), allocator.ErrUnsure, err)
	}
	return fmt.Errorf("commit: %w", b.dialect.Word(err))
}
