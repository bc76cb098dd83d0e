// Package sqlite opens the allocator's data in one SQLite file. What is done with
// it is in package sqlstore. SQLite has one writer, and so has the store.
package sqlite
