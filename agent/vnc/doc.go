// Package vnc is the desktop that a participant has by VNC: TigerVNC and a session of its
// own, seen with the viewer that the agent serves (package viewer).
//
// The agent has no part in the session: the warden begins and ends it as another user,
// and here is only the way to its socket. What the browser sends is read on that way, so
// it is known whether somebody works, and who may only watch does.
package vnc
