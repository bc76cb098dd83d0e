// Package readiness says what is wrong with an allocator's host, and what to do:
// a disk that is nearly full, a database that does not commit, a clock that jumped,
// and an EC2 that does not do what it is asked for. It may be asked often, by
// anybody: it costs little, and says nothing that is secret.
package readiness
