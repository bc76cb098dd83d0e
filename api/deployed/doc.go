// Package deployed is what a stack decided, as the allocator reads it: the
// settings that travel in a release. The Pulumi program writes it, the allocator
// reads it, and nothing in it is secret.
package deployed
