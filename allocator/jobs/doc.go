// Package jobs runs operations on River: with its tables in a SQLite file of their
// own, so that a claim never waits for the job queue, or in the PostgreSQL database
// that several allocators share. The operation in the allocator's store is the
// truth: a job holds its id and nothing else, and a job that is lost is made again
// from there. A job whose allocator was killed is taken up again: at the next start
// where there is one allocator, and within seconds by another where there are more.
package jobs
