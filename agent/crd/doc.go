// Package crd is the desktop that a participant has by Chrome Remote Desktop. Google's
// program on the machine shows it, and Google's servers carry it: LabLink has no part in the
// stream, so nobody watches, and nobody knows whether somebody works.
//
// The participant brings a one-time code from Google's page. It is read strictly, and is
// passed on as one argument of one program, which the warden runs as the session's user.
// It is neither kept nor logged, and no text that is shown repeats what was pasted.
package crd
