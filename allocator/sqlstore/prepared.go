package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
)

// prepared keeps statements prepared: a database without a cache of its own reads
// each anew otherwise, which takes it longer than to carry it out.
type prepared struct {
	on interface {
		database
		PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	}
	mu         sync.Mutex
	statements map[string]*sql.Stmt
}

var _ database = (*prepared)(nil)

// statement is a query's, or nil for what is better sent as it is: several statements
// at once, and what cannot be prepared, whose error then is the database's.
func (p *prepared) statement(ctx context.Context, query string) *sql.Stmt {
	if strings.Contains(query, ";") {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if s, ok := p.statements[query]; ok {
		return s
	}
	s, err := p.on.PrepareContext(ctx, query) //nolint:sqlclosecheck // it is kept until close
	if err != nil {
		return nil
	}
	if p.statements == nil {
		p.statements = map[string]*sql.Stmt{}
	}
	p.statements[query] = s
	return s
}

// close forgets the statements: a database is not closed while it knows some.
func (p *prepared) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var err error
	for _, s := range p.statements {
		err = errors.Join(err, s.Close())
	}
	p.statements = nil
	return err
}

// ExecContext runs a statement that gives no rows.
func (p *prepared) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if s := p.statement(ctx, query); s != nil { //nolint:sqlclosecheck // it is kept until close
		return s.ExecContext(ctx, args...)
	}
	return p.on.ExecContext(ctx, query, args...)
}

// QueryContext runs a statement that gives rows.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := p.statement(ctx, query); s != nil { //nolint:sqlclosecheck // it is kept until close
		return s.QueryContext(ctx, args...)
	}
	return p.on.QueryContext(ctx, query, args...)
}

// QueryRowContext runs a statement that gives one row.
func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := p.statement(ctx, query); s != nil { //nolint:sqlclosecheck // it is kept until close
		return s.QueryRowContext(ctx, args...)
	}
	return p.on.QueryRowContext(ctx, query, args...)
}
