// Package rfb reads what a browser sends to a desktop, by the protocol of VNC
// (RFC 6143 and the extensions that noVNC speaks), and passes on what it may.
//
// Everything that a participant does comes by here, so this is where it is known
// whether somebody works, and where somebody who only watches is kept from working:
// what they type and where they point is left out, whatever their page sends. For all of
// them it is said at once that they understand a desktop that changes its size. A message
// that is not known ends the connection, as nobody could tell where the next one begins.
package rfb
