package vnc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/talmolab/lablink-infrastructure/agent/rfb"
	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// maxStreams is in how many windows a participant may see their desktop at once, and
	// maxWatchers how many may watch it: none takes the other's place.
	maxStreams  = 16
	maxWatchers = 4
	// greeting is how long the desktop may take to say its first words.
	greeting = 10 * time.Second
	// patience is how long either end may take to hear of the other: a desktop takes what is
	// sent to it, and a browser answers when it is asked, which it is as often.
	patience = 30 * time.Second
	// piece is how much of what the desktop draws is sent at once, in bytes.
	piece = 64 << 10
)

// Stream is a viewer's way to the desktop. That nobody works when they only watch is held
// here, whatever page they have: the allocator says who does, in a header that it takes
// from nobody else.
func (d *Desktop) Stream(w http.ResponseWriter, r *http.Request) {
	view := r.Header.Get(api.ViewHeader)
	if view != "" && view != api.ViewOnly && view != api.ViewControl {
		Problem(w, api.Problemf(api.Invalid, "The agent does not know this way to see a desktop", "%q is asked for; the agent may be older than the allocator.", view))
		return
	}
	watch := view != ""
	if p := d.Enter(watch); p != nil {
		Problem(w, p)
		return
	}
	defer d.Leave(watch)
	conn, hello, err := d.reach(r.Context())
	if err != nil {
		Problem(w, NotYet())
		return
	}
	defer conn.Close()
	// Whose page it is was checked by the allocator, which keeps the origin to itself.
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // it was answered
	}
	defer ws.CloseNow() // closed already, as a rule
	if watch {
		defer d.watches(view == api.ViewControl)()
	}
	d.carry(r.Context(), ws, conn, hello, d.filter(conn, view))
}

// reachSocket opens the desktop's socket. It belongs to the session's user, who may put there
// what they like: nothing is said to it before it has greeted as a desktop does.
func (d *Desktop) reachSocket(ctx context.Context) (net.Conn, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	conn, err := dial(ctx, d.places.Session, d.places.Desktop)
	if err != nil {
		return nil, nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	hello, err := greeted(conn, d.places.Session)
	if err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	return conn, hello, nil
}

func greeted(conn net.Conn, dir string) ([]byte, error) {
	if err := ofSession(conn, dir); err != nil {
		return nil, err
	}
	return rfb.Greeting(conn)
}

// ofSession makes sure that who answers is a program of the session's user, and not
// another one of the machine's to whose socket a name leads.
func ofSession(conn net.Conn, dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	unix, isUnix := conn.(*net.UnixConn)
	if !ok || !isUnix {
		return errors.New("nobody can tell whose the desktop is")
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return err
	}
	var peer *syscall.Ucred
	var peerErr error
	if err := raw.Control(func(fd uintptr) {
		peer, peerErr = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil || peerErr != nil {
		return fmt.Errorf("ask whose the desktop is: %w", peerErr)
	}
	if peer.Uid != owner.Uid {
		return fmt.Errorf("what answers there belongs to user %d, and the session to %d", peer.Uid, owner.Uid)
	}
	return nil
}

// carry passes on both directions until either ends.
func (d *Desktop) carry(ctx context.Context, ws *websocket.Conn, desktop net.Conn, hello []byte, f rfb.Filter) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	browser := websocket.NetConn(ctx, ws, websocket.MessageBinary) // without a limit: the filter has its own
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		defer desktop.Close()
		_ = f.Run(browser) // whoever sends what nobody knows is cut off, and that is all
	}()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		defer stop() // and with it the browser's end, and so the desktop's
		Ask(ctx, ws, d.patience)
	}()
	if _, err := browser.Write(hello); err == nil {
		_, _ = io.CopyBuffer(struct{ io.Writer }{browser}, struct{ io.Reader }{desktop}, make([]byte, piece))
	}
	_ = ws.Close(websocket.StatusGoingAway, "the desktop ended")
	stop()
	<-sent
	<-asked
}

// filter is what lets of a browser's words to the desktop what belongs to its way to see it.
// Who types or points there works, staff as well: a session does not end under their hands.
func (d *Desktop) filter(desktop net.Conn, view string) rfb.Filter {
	f := rfb.Filter{Desktop: impatient{desktop, d.patience}, Worked: d.Touch}
	switch view {
	case api.ViewOnly:
		f.WatchOnly = true
	case api.ViewControl:
		f.HandsOnly, f.Pointed = true, d.pointed
	}
	return f
}

// Ask asks a browser again and again whether it is there, until it is not.
func Ask(ctx context.Context, ws *websocket.Conn, patience time.Duration) {
	tick := time.NewTicker(patience)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		answered, cancel := context.WithTimeout(ctx, patience)
		err := ws.Ping(answered)
		cancel()
		if err != nil {
			return
		}
	}
}

// impatient is a desktop that has to take what is sent to it within some time. One that was
// stopped takes nothing.
type impatient struct {
	net.Conn
	patience time.Duration
}

// Write sends something to the desktop.
func (c impatient) Write(raw []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Write(raw)
}

// Enter counts one more who sees the desktop. What runs there may be of somebody whose
// session ended while this program did not run: nobody sees it before it is ordered.
func (d *Desktop) Enter(watch bool) *api.Problem {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.session == "" {
		return NotYet()
	}
	if watch && d.entered >= maxWatchers {
		return api.Problemf(api.Conflict, "Enough people watch this desktop", "Ask one of them to leave it.")
	}
	if !watch && d.streams >= maxStreams {
		return tooMany()
	}
	*d.count(watch)++
	return nil
}

// count is how many see the desktop: those who watch, or its participant's windows.
func (d *Desktop) count(watch bool) *int {
	if watch {
		return &d.entered
	}
	return &d.streams
}

// watches counts somebody who sees the desktop of somebody else, until the returned function
// is called, and tells its participant's pages. Who controls works on it, too.
func (d *Desktop) watches(controls bool) func() {
	d.addWatchers(1, controls)
	return func() { d.addWatchers(-1, controls) }
}

func (d *Desktop) addWatchers(n int, controls bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.watchers += n
	if controls {
		d.controllers += n
	}
	close(d.changes)
	d.changes = make(chan struct{})
}

func tooMany() *api.Problem {
	return api.Problemf(api.Conflict, "This desktop is open in too many windows", "Close some of them.")
}

// Began reports whether somebody has a session.
func (d *Desktop) Began() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.session != ""
}

// NotYet is what is said while there is no desktop.
func NotYet() *api.Problem {
	return api.Problemf(api.Unavailable, "The desktop is not there yet", "It is being started, or starts again.")
}

// Leave counts one less.
func (d *Desktop) Leave(watch bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	*d.count(watch)--
}
