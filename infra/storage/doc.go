// Package storage declares private buckets: versioned, encrypted, reachable
// over TLS only, closed to the public. The state of stacks and the artifacts of
// releases live in such buckets.
package storage
