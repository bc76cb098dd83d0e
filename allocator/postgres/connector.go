package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

// connector connects as whoever may at the moment: passwords change.
type connector struct {
	driver.Connector
	who *who
}

func newConnector(config *pgx.ConnConfig, login Login) connector {
	w := &who{login: login}
	return connector{stdlib.GetConnector(*config, stdlib.OptionBeforeConnect(w.fill)), w}
}

// Connect connects; where the server refuses the password, once more with one that
// was read again.
func (c connector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if c.who.refused(err) {
		conn, err = c.Connector.Connect(ctx)
	}
	if err != nil {
		return nil, &unreached{err}
	}
	return conn, nil
}

// Pool opens at most limit connections for those who need pgx itself. One that finds
// its password refused makes the next one read it again.
func Pool(ctx context.Context, c Config, limit int32) (*pgxpool.Pool, error) {
	one, err := c.connection(nil)
	if err != nil {
		return nil, err
	}
	config, err := pgxpool.ParseConfig(one.ConnString())
	if err != nil {
		return nil, fmt.Errorf("describe connections to the database: %w", err)
	}
	w := &who{login: c.Login}
	usual := one.OnPgError
	one.OnPgError = func(conn *pgconn.PgConn, err *pgconn.PgError) bool {
		w.refused(err)
		return usual(conn, err)
	}
	config.ConnConfig, config.MaxConns, config.BeforeConnect = one, limit, w.fill
	return pgxpool.NewWithConfig(ctx, config)
}

// who keeps whether the password is to be read again.
type who struct {
	login Login
	stale atomic.Bool
}

// fill completes the description of a connection.
func (w *who) fill(ctx context.Context, config *pgx.ConnConfig) error {
	user, password, err := w.login(ctx, w.stale.Swap(false))
	if err != nil {
		return fmt.Errorf("read the password of the database: %w", err)
	}
	config.User, config.Password = user, password
	return nil
}

// refused reports whether the server refused the password, and remembers it.
func (w *who) refused(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) || pg.Code != "28P01" && pg.Code != "28000" {
		return false
	}
	w.stale.Store(true)
	return true
}

// unreached is that no connection could be made.
type unreached struct{ why error }

// Error says why.
func (u *unreached) Error() string { return u.why.Error() }

// Unwrap is why.
func (u *unreached) Unwrap() error { return u.why }
