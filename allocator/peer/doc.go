// Package peer is what the allocators that share a database do for each other: the
// one that holds a machine's tunnel answers for the others, on a port of their own.
//
// Each allocator makes itself a key and a certificate when it starts, and keeps the
// certificate's sum in the database, under its id and beside its address (Keeper).
// There is no authority: who may write to the database says who is an allocator.
// Both ends of a connection show their certificates, and take no other one than that
// whose sum is there (Identity, Server). Once an allocator is forgotten, which is
// seconds after it was last heard of, nobody opens a connection to it or takes one of
// its.
//
// A request is forwarded once, from the allocator that was asked to the one that
// holds the tunnel (Forward), with the headers that the first would have sent into a
// tunnel of its own. Which that is, is looked up for each request, so that a machine
// is found again as soon as its new tunnel is written down.
package peer
