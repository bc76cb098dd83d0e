// Package iam reads and evaluates AWS policy documents the way IAM does:
// everything is denied unless a statement allows it, and an explicit deny wins.
//
// It knows the condition operators that are listed in conditions.go. A document
// that uses another is refused when it is read, not quietly ignored.
package iam
