package postgres

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/talmolab/lablink-infrastructure/api"
)

// passing are the codes, or how they begin, of what the server may say while it is
// not well or changes hands. A moment later it may be well.
// See https://www.postgresql.org/docs/current/errcodes-appendix.html.
var passing = []string{
	"08",             // a connection that broke
	"25006", "25P03", // a standby that may only be read; a batch that stalled
	"40",    // changes that were in each other's way
	"53",    // no memory, disk or connection left
	"55P03", // the lock was not had in time
	"57",    // stopping, starting, or a statement that took too long
}

// unfit are the codes of texts that cannot be kept: a NUL, or no UTF-8.
var unfit = []string{"22021", "22P05"}

// word says for people what an error means, where that helps them.
func word(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	var pg *pgconn.PgError
	var failed *unreached
	switch {
	case errors.As(err, &failed), lost(err):
		return away(err)
	case !errors.As(err, &pg):
		return err
	case slices.Contains(unfit, pg.Code):
		return fmt.Errorf("%w (%w)", api.Problemf(api.Invalid, "The text has characters that cannot be kept", "Type it again, without what was pasted."), err)
	case slices.ContainsFunc(passing, func(code string) bool { return strings.HasPrefix(pg.Code, code) }):
		return away(err)
	}
	return err
}

func away(err error) error {
	return fmt.Errorf("%w (%w)", api.Problemf(api.Unavailable, "The database does not answer", "Nothing was changed. Try again in a minute; if it goes on, tell your administrator."), err)
}

// lost reports whether a connection broke, or an answer did not come in time.
func lost(err error) bool {
	for _, end := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, driver.ErrBadConn, sql.ErrConnDone, sql.ErrTxDone, context.DeadlineExceeded} {
		if errors.Is(err, end) {
			return true
		}
	}
	var broken net.Error
	return errors.As(err, &broken) || pgconn.SafeToRetry(err)
}

// unsure reports whether a commit that failed may have happened: its answer was
// lost, or the server was stopped before it answered.
func unsure(err error) bool {
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return strings.HasPrefix(pg.Code, "57P")
	}
	return !pgconn.SafeToRetry(err)
}
