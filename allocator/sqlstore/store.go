package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// Store is the allocator's store in an SQL database.
type Store struct {
	*writer
	read  conn
	db    *sql.DB   // the readers
	known *prepared // the statements that the readers know
}

var _ allocator.Store = (*Store)(nil)

// Dialect is what differs between databases.
type Dialect struct {
	// Begin is run first in the transaction of a batch. Optional.
	Begin string
	// Clock is the database's clock, as an expression: microseconds since 1970. Required.
	Clock string
	// Size asks how many bytes the database has. Required.
	Size string
	// Limit is how long a batch may take, its commit included. 0: as long as it
	// takes.
	Limit time.Duration
	// Prepare keeps statements prepared, where the driver does not.
	Prepare bool
	// All runs statements on a connection, in its transaction, one after the other up
	// to the first that fails. Optional: each is a way to the database and back.
	All func(ctx context.Context, on *sql.Conn, statements []Statement) error
	// Bytes is the expression for the bytes that hexadecimal digits stand for, in the
	// place of which there is %s. Required.
	Bytes string
	// Each is the function that takes a list apart, where it is another than json_each.
	Each string
	// Word says for people what an error of the database means, where that helps
	// them; it leaves any other error as it is. Optional.
	Word func(err error) error
	// Unsure reports whether a commit that failed with err may have happened all the
	// same. Optional.
	Unsure func(err error) bool
}

// Statement is a statement with its arguments.
type Statement struct {
	Query string
	Args  []any
}

// New makes a store of a database whose schema is up to date. It writes through the
// one connection of write, reads through read, and closes both in the end.
func New(write, read *sql.DB, d Dialect) *Store {
	if d.Word == nil {
		d.Word = func(err error) error { return err }
	}
	if d.Unsure == nil {
		d.Unsure = func(error) bool { return false }
	}
	s := &Store{writer: newWriter(write, d), read: conn{on: read, dialect: d}, db: read, known: &prepared{on: read}}
	if d.Prepare {
		s.read.on = s.known
	}
	return s
}

// Close waits for changes that were submitted and closes the database.
func (s *Store) Close() error {
	return errors.Join(s.writer.close(), s.known.close(), s.db.Close())
}

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	return s.read.row(ctx, "SELECT 1").Scan(&one)
}
