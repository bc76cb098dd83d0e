// Package work is allocator.Work: it keeps what participants made in the artifact
// bucket, below work/ and the environment's name. Files go there and come from there by addresses that are signed
// for a while: neither machines nor people have rights of their own.
package work
