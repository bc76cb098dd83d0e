// Package policy writes IAM policy documents. A document is built from typed
// statements, so that a misspelt element does not compile, and rendered in one
// canonical form, so that a plan shows only what changes.
package policy
