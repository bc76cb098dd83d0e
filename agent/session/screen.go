package session

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// screen is a connection to the X server of a session.
type screen struct {
	*xgb.Conn
	root, followed          xproto.Window
	activeWindow, processID xproto.Atom
}

// longest is how much of a property is read, in units of four bytes.
const longest = 64

// quiet keeps the library from logging that the X server ended.
var quiet = sync.OnceFunc(func() { xgb.Logger.SetOutput(io.Discard) })

// open connects to a display with a cookie, and asks to be told what changes on it.
func open(display, cookie string) (*screen, error) {
	quiet()
	if err := os.Setenv("XAUTHORITY", cookie); err != nil { // where the library looks for it
		return nil, err
	}
	conn, err := xgb.NewConnDisplay(display)
	if err != nil {
		return nil, fmt.Errorf("reach the X server: %w", err)
	}
	x := &screen{Conn: conn, root: xproto.Setup(conn).DefaultScreen(conn).Root}
	if err := x.begin(); err != nil {
		conn.Close()
		return nil, err
	}
	return x, nil
}

func (x *screen) begin() error {
	for name, atom := range map[string]*xproto.Atom{"_NET_ACTIVE_WINDOW": &x.activeWindow, "_NET_WM_PID": &x.processID} {
		found, err := xproto.InternAtom(x.Conn, false, uint16(len(name)), name).Reply() //nolint:gosec // short
		if err != nil {
			return fmt.Errorf("ask the X server for a property: %w", err)
		}
		*atom = found.Atom
	}
	err := xproto.ChangeWindowAttributesChecked(x.Conn, x.root, xproto.CwEventMask, []uint32{xproto.EventMaskPropertyChange}).Check()
	if err != nil {
		return fmt.Errorf("ask the X server to tell what changes: %w", err)
	}
	return nil
}

// changed waits until another window may be active, and reports whether the X server is
// still there.
func (x *screen) changed() bool {
	for {
		event, problem := x.WaitForEvent()
		if event == nil && problem == nil {
			return false
		}
		switch e := event.(type) {
		case xproto.PropertyNotifyEvent:
			if e.Atom == x.activeWindow {
				return true
			}
		case xproto.DestroyNotifyEvent:
			if e.Window == x.followed {
				return true
			}
		}
	}
}

// follows asks to be told when a window is gone, and reports whether it is there.
func (x *screen) follows(id xproto.Window) bool {
	return xproto.ChangeWindowAttributesChecked(x.Conn, id, xproto.CwEventMask, []uint32{xproto.EventMaskStructureNotify}).Check() == nil
}

// active is the active window, as the window manager says (EWMH, _NET_ACTIVE_WINDOW); nil
// where none does. Not every one says when the window is gone, so that is followed, too.
func (x *screen) active() (*Window, error) {
	r, err := xproto.GetProperty(x.Conn, false, x.root, x.activeWindow, xproto.AtomWindow, 0, 1).Reply()
	if err != nil {
		return nil, fmt.Errorf("ask the X server which window is active: %w", err)
	}
	if r.Format != 32 || r.ValueLen != 1 {
		return nil, nil
	}
	id := xproto.Window(xgb.Get32(r.Value))
	w := &Window{}
	x.followed = id
	if id == 0 || !x.follows(id) {
		return w, nil
	}
	if r, err := xproto.GetProperty(x.Conn, false, id, x.processID, xproto.AtomCardinal, 0, 1).Reply(); err == nil && r.Format == 32 && r.ValueLen == 1 {
		w.PID = int(xgb.Get32(r.Value))
	}
	if r, err := xproto.GetProperty(x.Conn, false, id, xproto.AtomWmClass, xproto.AtomString, 0, longest).Reply(); err == nil && r.Format == 8 {
		for name := range strings.SplitSeq(strings.TrimRight(string(r.Value), "\x00"), "\x00") {
			w.Class = append(w.Class, name)
		}
		w.Class = w.Class[:min(len(w.Class), 2)] // its instance and its class
	}
	return w, nil
}
