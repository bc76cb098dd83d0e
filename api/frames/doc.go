// Package frames lets a tunnel's frames go out whole. Yamux writes the head of a frame
// and what it carries one after the other, which over WebSocket is two messages, and two
// calls of the system.
package frames
