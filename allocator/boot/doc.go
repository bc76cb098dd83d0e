// Package boot sets up the allocator's host at its first boot, and keeps it at
// the release that the pointer names: it fetches what a manifest lists, checks
// every sum, switches over and restarts the service, whose socket stays open
// meanwhile. A release that does not become ready is taken back, and an update
// that is interrupted is finished by the next one.
//
// The data volume is formatted only when it is blank: blkid finds nothing on it,
// and it begins with zeros.
package boot
