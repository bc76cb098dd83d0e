// Package doctor looks whether this computer, somebody's credentials and an AWS
// account have what a deployment needs, before there is one, and says of each thing
// that is missing how to get it. It changes nothing.
//
// What it asks is behind interfaces: Laptop, Account and Zones, with an adapter
// below for each. An adapter says in three errors what its answers mean: ErrMissing,
// Denied and Refused; anything else is that nobody could tell. Every check has a
// limited time, and none waits for another that it does not need.
package doctor
