package vnc

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Places are where the desktop and its warden are found on the machine: folders, and the
// names of sockets in them.
type Places struct {
	Session, Desktop string
	Warden, Control  string
}

// Desktop is agent.Desktop by VNC.
type Desktop struct {
	kind   string
	reach  Reach
	places Places
	now    func() time.Time
	busy   func() (busy, known bool)
	warden api.Client

	patience time.Duration

	mu      sync.Mutex
	session string    // "" while nobody has one, as far as this program was told
	worked  time.Time // when its participant did something last; zero: there is none

	streams, entered int           // of its participant, and of who watches
	watchers         int           // those of them who see it
	controllers      int           // those of these who also work on it
	listeners        int           // pages that are told of watchers
	changes          chan struct{} // closed when watchers changes

	pointed  func([]byte) []byte
	previews previews
}

var _ agent.Desktop = &Desktop{}

// Reach opens the way to what shows a desktop, and returns what it greeted with.
type Reach func(ctx context.Context) (conn net.Conn, hello []byte, err error)

// New is a machine's desktop. Busy says whether the machine works for its participant
// though nobody touches it, as when something is computed. It is optional.
func New(places Places, busy func() (busy, known bool), now func() time.Time) *Desktop {
	d := NewReached("vnc", nil, places, busy, now)
	d.reach = d.reachSocket
	return d
}

// NewReached is a desktop of another kind, which is reached in another way.
func NewReached(kind string, reach Reach, places Places, busy func() (busy, known bool), now func() time.Time) *Desktop {
	return &Desktop{kind: kind, reach: reach, places: places, now: now, busy: busy, warden: places.WardenClient(), patience: patience, changes: make(chan struct{})}
}

// SpeaksPointer says that the desktop wants what staff points in a dialect of its own.
func (d *Desktop) SpeaksPointer(pointed func([]byte) []byte) { d.pointed = pointed }

// WardenClient reaches the machine's warden.
func (p Places) WardenClient() api.Client {
	return api.Client{URL: "http://warden", HTTP: &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dial(ctx, p.Warden, p.Control)
		},
	}}}
}

// Kind is vnc, or the other kind.
func (d *Desktop) Kind() string { return d.kind }

// Start lets the warden begin a session.
func (d *Desktop) Start(ctx context.Context, session string) error {
	err := d.warden.Do(ctx, http.MethodPost, "/session", map[string]string{"id": session}, nil)
	if err != nil {
		return said(err)
	}
	d.previews.forget()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.session != session { // one that is only shown again was as idle before
		d.session, d.worked = session, d.now()
	}
	return nil
}

// End lets the warden end a session. Nobody sees it from then on.
func (d *Desktop) End(ctx context.Context, session string) error {
	d.mu.Lock()
	d.session, d.worked = "", time.Time{}
	d.mu.Unlock()
	d.previews.forget()
	err := d.warden.Do(ctx, http.MethodDelete, "/session?"+url.Values{"id": {session}}.Encode(), nil, nil)
	if err != nil {
		return said(err)
	}
	return nil
}

// Idle is since when nobody has typed or pointed, and nothing was computed for them. Who
// only has the desktop before them, and looks on, is idle. Where nobody knows whether
// something is computed, that is not known.
func (d *Desktop) Idle(context.Context) (time.Duration, bool) {
	known := true
	if d.busy != nil {
		var busy bool
		if busy, known = d.busy(); busy {
			d.Touch()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.now().Sub(d.worked), known && !d.worked.IsZero()
}

// Touch is that somebody does something there.
func (d *Desktop) Touch() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.session != "" {
		d.worked = d.now()
	}
}

// said is what the warden said, without what is around it.
func said(err error) error {
	if api.CodeOf(err) == "" {
		return fmt.Errorf("the machine's warden does not answer (systemctl status lablink-warden tells why): %w", err)
	}
	return err
}

// dial opens a socket by its open folder: the path of a socket has to be short, and that
// of a simulated machine is not. What is no socket there is not followed.
func dial(ctx context.Context, dir, name string) (net.Conn, error) {
	folder, err := os.OpenFile(dir, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	defer folder.Close()
	path := fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), name)
	if info, err := os.Lstat(path); err != nil || info.Mode().Type() != os.ModeSocket {
		return nil, fmt.Errorf("there is no socket %s in %s", name, dir)
	}
	return (&net.Dialer{}).DialContext(ctx, "unix", path)
}
