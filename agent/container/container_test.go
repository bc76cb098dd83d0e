package container_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/agent/container"
	"github.com/talmolab/lablink-infrastructure/agent/vnc"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// world is a machine with a desktop in a container, which the test is.
type world struct {
	*container.Desktop
	at      atomic.Int64 // the time
	dir     string       // has the password and the viewer
	inside  *httptest.Server
	streams chan *websocket.Conn // that the container has
	url     string
}

func newWorld(t *testing.T, inside http.HandlerFunc) *world {
	t.Helper()
	w := &world{dir: t.TempDir(), streams: make(chan *websocket.Conn, 4)}
	if inside == nil {
		inside = w.kasm
	}
	w.inside = httptest.NewServer(inside)
	t.Cleanup(w.inside.Close)
	control := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(control, "control"))
	require.NoError(t, err)
	warden := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go func() { _ = warden.Serve(l) }()
	t.Cleanup(func() { _ = warden.Close() })
	require.NoError(t, os.Mkdir(filepath.Join(w.dir, "www"), 0o755))
	for name, text := range map[string]string{"password": "s3cret\n", "www/vnc.html": "<p>viewer", "www/app.js": "let it = 1"} {
		require.NoError(t, os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600))
	}
	w.Desktop = container.New(container.Places{
		Places: vnc.Places{Warden: control, Control: "control"}, Address: w.inside.Listener.Addr().String(),
		Password: filepath.Join(w.dir, "password"), Viewer: filepath.Join(w.dir, "www"),
	}, nil, func() time.Time { return time.Unix(w.at.Load(), 0) })
	w.at.Store(1e9)
	agent := httptest.NewServer(w.Handler())
	t.Cleanup(agent.Close)
	w.url = agent.URL
	return w
}

// kasm is the container's desktop.
func (w *world) kasm(rw http.ResponseWriter, r *http.Request) {
	user, password, _ := r.BasicAuth()
	if user != "kasm_user" || password != "s3cret" || r.URL.Path != "/websockify" || r.Header.Get("Sec-WebSocket-Protocol") != "binary" {
		rw.WriteHeader(http.StatusUnauthorized)
		return
	}
	ws, err := websocket.Accept(rw, r, &websocket.AcceptOptions{Subprotocols: []string{"binary"}})
	if err != nil {
		return
	}
	_ = ws.Write(r.Context(), websocket.MessageBinary, []byte("RFB 003.008\n"))
	w.streams <- ws
}

// begun is a world in which somebody has a session.
func begun(t *testing.T, inside http.HandlerFunc) *world {
	t.Helper()
	w := newWorld(t, inside)
	require.NoError(t, w.Start(t.Context(), "anns"))
	return w
}

func (w *world) get(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(w.url + path)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body)
}

func (w *world) dial(ctx context.Context, path, view string) (*websocket.Conn, *http.Response, error) {
	return websocket.Dial(ctx, w.url+path, &websocket.DialOptions{HTTPHeader: http.Header{api.ViewHeader: {view}}})
}

func (w *world) idle() time.Duration { i, _ := w.Idle(context.Background()); return i }

func TestAParticipantGetsTheImagesViewerOnceThereIsADesktop(t *testing.T) {
	w := newWorld(t, nil)
	res, body := w.get(t, "/desktop/")
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.Contains(t, body, "Your desktop is being started")
	require.NoError(t, w.Start(t.Context(), "anns"))
	require.Equal(t, "container", w.Kind())
	res, _ = w.get(t, "/desktop/")
	require.Equal(t, http.StatusFound, res.StatusCode)
	require.Equal(t, "vnc.html?path=desktop/websockify&autoconnect=1&reconnect=1&resize=remote&show_control_bar=1&clipboard_up=true&clipboard_down=true&clipboard_seamless=true", res.Header.Get("Location"))
	res, body = w.get(t, "/desktop/vnc.html")
	require.Equal(t, "<p>viewer", body)
	require.Equal(t, api.ImagePage, res.Header.Get(api.PageHeader), "it may do what images' pages do")
	require.Equal(t, "no-cache", res.Header.Get("Cache-Control"), "the next machine may have another viewer")

	require.NoError(t, os.Symlink(filepath.Join(w.dir, "password"), filepath.Join(w.dir, "www/leads-out")))
	require.NoError(t, os.Mkdir(filepath.Join(w.dir, "www/fonts"), 0o755))
	for _, path := range []string{"/desktop/leads-out", "/desktop/missing.js", "/desktop/..%2fpassword", "/desktop/stream", "/desktop/fonts"} {
		res, body = w.get(t, path)
		require.Equal(t, http.StatusNotFound, res.StatusCode, path)
		require.NotContains(t, body, "s3cret")
	}
	require.NoError(t, os.Remove(filepath.Join(w.dir, "www/vnc.html")))
	_, body = w.get(t, "/desktop/")
	require.Contains(t, body, "has no viewer")
	w.inside.Close()
	_, body = w.get(t, "/desktop/")
	require.Contains(t, body, "Your desktop is being started", "it begins again")
}

func TestAParticipantsStreamPassesAsItIsAndTellsThatTheyWork(t *testing.T) {
	w := begun(t, nil)
	ann, _, err := w.dial(t.Context(), "/desktop/websockify", "")
	require.NoError(t, err)
	defer ann.CloseNow()
	_, said, err := ann.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, "RFB 003.008\n", string(said))
	inside := <-w.streams
	defer inside.CloseNow()
	inside.SetReadLimit(-1)
	large := "\xb4" + strings.Repeat("x", 1<<20) // of a kind that nobody else knows
	for _, c := range []struct {
		said  string
		works bool
	}{{"RFB 003.008\n", false}, {"\x03updates", false}, {large, false}, {"\xfb size", false}, {"\x04key", true}, {"\x05pointer with more", true}} {
		w.at.Add(60)
		was := w.idle()
		require.NoError(t, ann.Write(t.Context(), websocket.MessageBinary, []byte(c.said)))
		_, got, err := inside.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, c.said, string(got))
		want := was
		if c.works {
			want = 0
		}
		require.Equal(t, want, w.idle(), "%.10q", c.said)
	}
	require.NoError(t, inside.Close(websocket.StatusNormalClosure, ""))
	_, _, err = ann.Read(t.Context())
	require.Error(t, err, "it ends with the desktop")
}

// entered is how who watches begins with the container: beside others, and with any size.
const entered = "RFB 003.008\n\x01\x01" + "\x02\x00\x00\x03\x00\x00\x00\x00\xff\xff\xff\x21\xff\xff\xfe\xcc"

func TestWhoWatchesAContainerSendsNothingToIt(t *testing.T) {
	w := begun(t, nil)
	_, res, err := w.dial(t.Context(), "/desktop/websockify", api.ViewOnly)
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	staff, _, err := w.dial(t.Context(), "/desktop/stream", api.ViewOnly)
	require.NoError(t, err)
	defer staff.CloseNow()
	conn := websocket.NetConn(t.Context(), staff, websocket.MessageBinary)
	hello := make([]byte, 12)
	_, err = io.ReadFull(conn, hello)
	require.NoError(t, err)
	inside := <-w.streams
	defer inside.CloseNow()
	const update = "\x03\x00\x00\x00\x00\x00\x00\x01\x00\x01"
	_, err = io.WriteString(conn, "RFB 003.008\n\x01\x00"+"\x04\x01\x00\x00\x00\x00\x00\x41"+"\x05\x01\x00\x01\x00\x01"+update)
	require.NoError(t, err)
	got := make([]byte, len(entered+update))
	_, err = io.ReadFull(websocket.NetConn(t.Context(), inside, websocket.MessageBinary), got)
	require.NoError(t, err)
	require.Equal(t, entered+update, string(got), "neither a key nor the pointer")
}

// KasmVNC reads what is pointed in another way than others do.
func TestWhoTakesOverAContainerPointsAsItUnderstands(t *testing.T) {
	w := begun(t, nil)
	staff, _, err := w.dial(t.Context(), "/desktop/stream", api.ViewControl)
	require.NoError(t, err)
	defer staff.CloseNow()
	inside := <-w.streams
	defer inside.CloseNow()
	conn := websocket.NetConn(t.Context(), staff, websocket.MessageBinary)
	_, err = io.WriteString(conn, "RFB 003.008\n\x01\x00"+"\x05\x01\x00\x02\x00\x03")
	require.NoError(t, err)
	got := make([]byte, len(entered)+11)
	_, err = io.ReadFull(websocket.NetConn(t.Context(), inside, websocket.MessageBinary), got)
	require.NoError(t, err)
	require.Equal(t, "\x05\x00\x01\x00\x02\x00\x03\x00\x00\x00\x00", string(got[len(entered):]))
	require.Equal(t, 1, w.Controllers())
}

func TestAHostileContainerIsToldNothingElseAndLeadsNowhere(t *testing.T) {
	elsewhere := make(chan string, 4)
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { elsewhere <- r.Header.Get("Authorization") }))
	defer other.Close()
	asked := make(chan http.Header, 4)
	w := begun(t, func(rw http.ResponseWriter, r *http.Request) {
		asked <- r.Header.Clone()
		http.Redirect(rw, r, other.URL, http.StatusFound)
	})
	_, res, err := websocket.Dial(t.Context(), w.url+"/desktop/websockify", &websocket.DialOptions{HTTPHeader: http.Header{"Cookie": {"lablink=x"}, "Lablink-Secret": {"y"}}})
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	var p api.Problem
	require.NoError(t, json.NewDecoder(res.Body).Decode(&p))
	require.Equal(t, "The desktop is not there yet", p.Title)
	said := <-asked
	require.Empty(t, said.Get("Cookie"))
	require.Empty(t, said.Get("Lablink-Secret"))
	require.Empty(t, elsewhere)

	require.NoError(t, os.Remove(filepath.Join(w.dir, "password")))
	require.NoError(t, os.Symlink("/etc/hostname", filepath.Join(w.dir, "password")))
	_, _, err = w.dial(t.Context(), "/desktop/websockify", "")
	require.Error(t, err)
	require.Empty(t, asked, "a link is no password")
}

func TestNobodySeesAContainerThatWasNotOrdered(t *testing.T) {
	w := newWorld(t, nil)
	for _, path := range []string{"/desktop/websockify", "/desktop/stream"} {
		view := map[bool]string{true: api.ViewOnly}[path == "/desktop/stream"]
		_, res, err := w.dial(t.Context(), path, view)
		require.Error(t, err)
		require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	}
}
