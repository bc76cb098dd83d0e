package rfb

import (
	"errors"
	"fmt"
	"io"
)

// version is the one that is spoken: the last of the protocol, in which the desktop
// offers ways to log in and the viewer chooses.
const version = "RFB 003.008\n"

// noLogin is the way to log in that is none: who may come was decided before.
const noLogin = 1

// shared asks the desktop to let others stay.
const shared = 1

// sizes asks, behind a viewer's first words, for raw pixels and for DesktopSize (-223) and
// ExtendedDesktopSize (-308), as every viewer does a moment later. TigerVNC closes the
// connection of one that has not asked for these when the desktop takes another size
// (VNCSConnectionST::pixelBufferChange), as it does when staff comes: the participant's page
// makes room to say so.
var sizes = asking(rawEncoding, -223, -308)

// ErrGreeting is that what answers is no desktop.
var ErrGreeting = errors.New("what answers there is no VNC server of version 3.8")

// Greeting reads the desktop's first words and returns them. Nothing is said to it
// before: it may be something else that took the desktop's place.
func Greeting(desktop io.Reader) ([]byte, error) {
	hello := make([]byte, len(version))
	if _, err := io.ReadFull(desktop, hello); err != nil {
		return nil, fmt.Errorf("wait for the desktop's greeting: %w", err)
	}
	if string(hello) != version {
		return nil, ErrGreeting
	}
	return hello, nil
}

// handshake passes on how a viewer begins: its version, no login, and that others stay.
func (f *Filter) handshake() error {
	hello, err := f.take(len(version))
	if err != nil {
		return err
	}
	if string(hello) != version {
		return fmt.Errorf("the viewer speaks %q, and not version 3.8", hello)
	}
	if err := f.pass(hello); err != nil {
		return err
	}
	how, err := f.take(1)
	if err != nil {
		return err
	}
	if how[0] != noLogin {
		return fmt.Errorf("the viewer wants to log in by way %d, and not without", how[0])
	}
	if err := f.pass(how); err != nil {
		return err
	}
	if _, err := f.take(1); err != nil { // whether it wants to be alone
		return err
	}
	return f.pass(append([]byte{shared}, sizes...))
}
