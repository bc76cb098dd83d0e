// Package warden is what of a participant's session needs root: their user, a home that
// nobody had before, the way to instance metadata closed to them, and the end of all that
// they left. The session itself is a unit of systemd's (lablink-session.service), which
// the warden starts and stops.
//
// The agent, which has no rights of its own, asks the warden on a socket: for a session
// by its id, for its end, or for how it is and what its unit logged last; and, up to the first
// session, for what sets the machine up. So a participant who took over the agent could end
// their own session, and read its last lines, at most.
package warden
