// Package sqlite keeps the allocator's data in one SQLite file.
//
// One goroutine writes: it takes the changes that are waiting, runs them in one
// transaction, each behind a savepoint of its own, and commits them together, so
// that a burst of small changes costs one flush of the disk. What is
// acknowledged has been flushed. Reads run beside it on connections of their own.
package sqlite
