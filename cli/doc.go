// Package cli is `lablink`, the operator's command: what the pages offer, from a
// terminal, with tables for people and JSON for programs. It speaks to an
// allocator over its API; what it asks of AWS and writes into stack files is in
// packages of its own.
package cli
