// Package jobs runs operations on River, with its tables in a SQLite file of
// their own, so that a claim never waits for the job queue. The operation in
// the allocator's store is the truth: a job holds its id and nothing else, and a
// job that is lost is made again when the allocator starts.
package jobs
