// Package host declares the machine that the allocator runs on: an instance
// from a pinned image, its role, an address that survives it, and a data volume
// that outlives it. A new release does not touch the instance; what must replace
// it deletes first, as a volume and an interface serve one instance at a time.
//
// Several allocators are a Group: instances in several zones that keep nothing,
// as their data is in a database that they share.
package host
