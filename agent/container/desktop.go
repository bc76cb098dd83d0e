package container

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/coder/websocket"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/rfb"
	"github.com/talmolab/lablink-infrastructure/agent/vnc"
)

const (
	// user is whom KasmVNC knows.
	user = "kasm_user"
	// protocol is how KasmVNC speaks in WebSockets; what asks for none is answered in base64.
	protocol = "binary"
	// greeting is how long the desktop may take to answer.
	greeting = 10 * time.Second
	// maxPassword bounds a password, in bytes.
	maxPassword = 200
)

// Places are where the desktop is found.
type Places struct {
	vnc.Places
	// Address is where the container answers: host and port.
	Address string
	// Password is the file of the session's password, and Viewer the folder of the viewer.
	Password, Viewer string
}

// Desktop is agent.Desktop by a container.
type Desktop struct {
	*vnc.Desktop
	places   Places
	http     *http.Client
	patience time.Duration
}

var _ agent.Desktop = &Desktop{}

// New is a machine's desktop. Busy says whether the machine works for its participant
// though nobody touches it. It is optional.
func New(places Places, busy func() (busy, known bool), now func() time.Time) *Desktop {
	d := &Desktop{places: places, patience: 30 * time.Second}
	// Whatever the container names, nobody but it is asked.
	d.http = &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{Timeout: greeting}).DialContext(ctx, "tcp", places.Address)
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	d.Desktop = vnc.NewReached("container", d.reach, places.Places, busy, now)
	d.SpeaksPointer(pointed)
	return d
}

// dial opens a stream to the container.
func (d *Desktop) dial(ctx context.Context) (*websocket.Conn, error) {
	password, err := d.password()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, greeting)
	defer cancel()
	who := base64.StdEncoding.EncodeToString([]byte(user + ":" + password))
	ws, res, err := websocket.Dial(ctx, "ws://desktop/websockify", &websocket.DialOptions{
		HTTPClient: d.http, HTTPHeader: http.Header{"Authorization": {"Basic " + who}}, Subprotocols: []string{protocol}, CompressionMode: websocket.CompressionDisabled,
	})
	if res != nil && res.Body != nil {
		_ = res.Body.Close() // there is nothing in it, or no more than was read
	}
	if err != nil {
		return nil, fmt.Errorf("open the container's stream: %w", err)
	}
	ws.SetReadLimit(-1) // it is passed on piece by piece
	return ws, nil
}

// password reads the session's password. What is no file there is not read.
func (d *Desktop) password() (string, error) {
	f, err := os.OpenFile(d.places.Password, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", fmt.Errorf("read the session's password: %w", err)
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxPassword+1))
	if err != nil || len(raw) > maxPassword {
		return "", fmt.Errorf("read the session's password: %w", errors.Join(err, os.ErrInvalid))
	}
	return strings.TrimSpace(string(raw)), nil
}

// reach opens a stream for who watches.
func (d *Desktop) reach(ctx context.Context) (net.Conn, []byte, error) {
	ws, err := d.dial(ctx)
	if err != nil {
		return nil, nil, err
	}
	conn := websocket.NetConn(context.WithoutCancel(ctx), ws, websocket.MessageBinary)
	stop := time.AfterFunc(greeting, func() { _ = ws.CloseNow() })
	defer stop.Stop()
	hello, err := rfb.Greeting(conn)
	if err != nil {
		_ = ws.CloseNow()
		return nil, nil, err
	}
	return conn, hello, nil
}

// there reports whether the container answers.
func (d *Desktop) there(ctx context.Context) bool {
	conn, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", d.places.Address)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// viewer is a file of the viewer's. What leads out of its folder is not there.
func (d *Desktop) viewer(name string) (*os.File, error) {
	root, err := os.OpenRoot(d.places.Viewer)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	f, err := root.Open(filepath.FromSlash(name))
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, os.ErrNotExist
	}
	return f, nil
}
