// Package cli is `lablink`, the operator's command: what the pages offer, from a
// terminal, with tables for people and JSON for programs. It speaks to an
// allocator over its API; what it does to stacks is in the package stack.
package cli
