// Package postgres opens the allocator's data in a PostgreSQL database, which
// several allocators may share. What is done with it is in package sqlstore.
//
// An advisory lock lets one batch of changes run at a time, whichever allocator it
// is of: the lock is taken first in a batch's transaction and goes with it. Another
// one, held for as long as a connection lasts, says which allocator leads. What a
// database does that is slow or away, and passwords that change, are dealt with
// here; nobody has to restart an allocator for it.
package postgres
