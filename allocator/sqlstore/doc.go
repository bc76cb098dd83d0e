// Package sqlstore keeps what is true in an SQL database. All statements are here,
// written once for SQLite and PostgreSQL; the packages sqlite and postgres open a
// database, bring its schema up to date and say in a Dialect what differs.
//
// One goroutine writes: it takes the changes that are waiting, runs them in one
// transaction, each behind a savepoint, and commits them together, so that a burst
// of small changes costs one flush of the disk. What is acknowledged has been
// flushed. Reads run beside it on connections of their own.
//
// Where several allocators share a database, the first statement of a batch waits
// until no other batch is running. So changes run one after the other everywhere,
// and each sees what the ones before it did.
package sqlstore
