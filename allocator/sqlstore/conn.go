package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// database is a transaction or the readers.
type database interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// conn runs statements. Their errors are worded for people where that helps.
type conn struct {
	on      database
	dialect Dialect
	raw     *sql.Conn // what a transaction runs on; nil for the readers
	reheld  *[]reheld // the machines that others hold after the transaction; nil for the readers
}

// reheld is a machine with who holds it now.
type reheld struct {
	machine string
	by      allocator.Hold
}

// rehold remembers that a machine is held by somebody else, or by nobody any more.
func (c conn) rehold(machine string, by allocator.Hold) {
	*c.reheld = append(*c.reheld, reheld{machine, by})
}

func (c conn) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	done, err := c.on.ExecContext(ctx, query, args...)
	return done, c.worded(err)
}

// all runs statements up to the first that fails.
func (c conn) all(ctx context.Context, statements ...Statement) error {
	if c.dialect.All != nil && len(statements) > 1 {
		return c.worded(c.dialect.All(ctx, c.raw, statements))
	}
	for _, s := range statements {
		if _, err := c.exec(ctx, s.Query, s.Args...); err != nil {
			return err
		}
	}
	return nil
}

func (c conn) row(ctx context.Context, query string, args ...any) scanner {
	return row{c.on.QueryRowContext(ctx, query, args...), c}
}

func (c conn) worded(err error) error {
	if err == nil || errors.Is(err, sql.ErrNoRows) {
		return err
	}
	return c.dialect.Word(err)
}

// scanner is one row.
type scanner interface{ Scan(into ...any) error }

type row struct {
	scanner
	of conn
}

func (r row) Scan(into ...any) error { return r.of.worded(r.scanner.Scan(into...)) }

// list reads all rows.
func list[T any](ctx context.Context, c conn, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := c.on.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, c.worded(err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, c.worded(err)
		}
		out = append(out, v)
	}
	return out, c.worded(rows.Err())
}

// found words the error of a look-up by an id.
func found(err error, what, id string) error {
	if errors.Is(err, sql.ErrNoRows) {
		return api.Problemf(api.NotFound, "There is no such "+what, "%s is not known.", id)
	}
	if err != nil {
		return fmt.Errorf("find %s %s: %w", what, id, err)
	}
	return nil
}

// stamp is a time as it is stored: microseconds, 0 for none.
func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromStamp(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}
