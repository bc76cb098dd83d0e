// Package session is the program that a participant's desktop consists of: an X server
// that speaks VNC on a socket, and what of the installed desktops suits it best. It runs
// as the session's user, in a unit of its own, and knows nothing of the agent: whatever
// the participant does to it ends their desktop at most.
//
// It writes which window is active into its folder, for whoever counts how long people work
// in what. They can have it say anything, which is told of them alone.
//
// The X server listens on no port. Whoever wants to see the desktop comes by the socket,
// which the agent's group may open; whoever wants to draw on it needs the cookie.
package session
