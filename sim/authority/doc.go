// Package authority is a certificate authority that speaks ACME: the one of the
// simulated world, and of tests. It is Let's Encrypt's own test server, Pebble,
// with a DNS of its own: it validates each name for real, at the addresses and by
// the records that it is told of.
//
// Its keys are made anew at each start. One process has one goroutine for each
// authority that it ever started, as Pebble's validation has no end.
package authority
