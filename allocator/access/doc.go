// Package access lets staff in and keeps who they are: users with a role,
// passwords, which are kept as Argon2id hashes, the limits on guessing them, and
// tokens for programs.
//
// A session carries its user's name and key. Another password or a lesser role is
// another key, so it ends all sessions, on every allocator that shares the store.
package access
