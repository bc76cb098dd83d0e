// Package cli is `lablink`, the operator's command: what the pages offer, from a
// terminal, with tables for people and JSON for programs. It speaks to an
// allocator over its API; what it asks of AWS, writes into stack files and does to
// stacks is in packages of its own.
package cli
