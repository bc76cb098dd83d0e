// Package access lets staff in: passwords, which are kept as Argon2id hashes,
// and the limits on guessing them.
package access
