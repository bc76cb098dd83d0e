// Package boot sets up a client machine at its first boot: the user, the
// agent's settings and its systemd service.
package boot
