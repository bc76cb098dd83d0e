// Package podman is what of a desktop that is a container podman does, as root: it fetches
// the image, and runs the container of a session.
//
// The container has a network of its own, from which instance metadata is closed; its users
// are nobody on the machine; it has no capabilities and gets no new privileges; and of the
// machine it sees the session's home and its password. It is in no control group of its
// own: systemd's unit, which runs it, bounds and ends all of it.
package podman
