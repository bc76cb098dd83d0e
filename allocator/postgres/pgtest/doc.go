// Package pgtest runs a real PostgreSQL for tests: one server for each test binary,
// reached by a Unix socket alone, and a database for each test.
package pgtest
