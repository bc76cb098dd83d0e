// Package stackfile reads a stack's file, Pulumi.STACK.yaml, and changes single
// values in it. Everything else stays as it was written, to the byte: comments,
// order, blank lines and quotes.
package stackfile
