// Package container is the desktop that a participant has in a container: an image with
// KasmVNC, seen with the viewer that the image brings.
//
// The viewer's files were taken out of the image before its first session, and the agent
// serves them itself: of the container, in which its participant may do what they like, a
// browser gets the stream alone. Whoever watches gets it as they would another desktop's,
// with LabLink's viewer, and the same filter before it.
package container
