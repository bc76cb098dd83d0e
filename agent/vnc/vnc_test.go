package vnc_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/agent/session"
	"github.com/talmolab/lablink-infrastructure/agent/vnc"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/viewer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is set by hand.
type clock struct{ at atomic.Int64 }

func (c *clock) now() time.Time                 { return time.Unix(c.at.Load(), 0) }
func (c *clock) passes(d time.Duration)         { c.at.Add(int64(d.Seconds())) }
func idle(t *testing.T, d *vnc.Desktop) float64 { i, _ := d.Idle(t.Context()); return i.Seconds() }

// world is a machine's desktop, and who asks for it.
type world struct {
	*vnc.Desktop
	clock   *clock
	session string // the session's folder
	asked   chan string
	refuses string
	url     string
}

func newWorld(t *testing.T, busy func() (busy, known bool)) *world {
	t.Helper()
	w := &world{clock: &clock{}, session: t.TempDir(), asked: make(chan string, 10)}
	w.clock.passes(time.Hour)
	control := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(control, "control"))
	require.NoError(t, err)
	warden := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.asked <- r.Method + " " + r.URL.String() + " " + strings.TrimSpace(string(body))
		if w.refuses != "" {
			p := api.Problemf(api.Unavailable, w.refuses, "")
			rw.Header().Set("Content-Type", p.ContentType(""))
			rw.WriteHeader(p.HTTP)
			_ = json.NewEncoder(rw).Encode(p)
		}
	})}
	go func() { _ = warden.Serve(l) }()
	t.Cleanup(func() { _ = warden.Close() })
	w.Desktop = vnc.New(vnc.Places{Session: w.session, Desktop: session.Socket, Warden: control, Control: "control"}, busy, w.clock.now)
	agent := httptest.NewServer(w.Handler())
	t.Cleanup(agent.Close)
	w.url = agent.URL
	return w
}

// show starts a real desktop, and returns the environment of its programs.
func (w *world) show(t *testing.T) []string {
	t.Helper()
	_, err := exec.LookPath("Xvnc")
	require.NoError(t, err, "make test installs tigervnc-standalone-server and xdotool")
	bin, home := t.TempDir(), t.TempDir()
	told := filepath.Join(home, "told")
	require.NoError(t, os.WriteFile(filepath.Join(bin, "startxfce4"), []byte("#!/bin/sh\nenv >"+told+"\nmv "+told+" "+told+".whole\nexec sleep 1000\n"), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	ready, ended := make(chan struct{}), make(chan error, 1)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	s := session.Session{Dir: w.session, Home: home, Out: io.Discard, Ready: func() { close(ready) }}
	go func() { ended <- s.Run(ctx) }()
	select {
	case <-ready:
	case err := <-ended:
		stop()
		require.NoError(t, err, "the desktop does not start")
	}
	t.Cleanup(func() { stop(); <-ended })
	var env []byte
	require.Eventually(t, func() bool { env, err = os.ReadFile(told + ".whole"); return err == nil }, time.Minute, 5*time.Millisecond)
	return strings.Split(strings.TrimSpace(string(env)), "\n")
}

// browser is what a page of noVNC's has open.
type browser struct{ net.Conn }

func (w *world) open(t *testing.T, view string) *browser {
	t.Helper()
	b := w.enter(t, view)
	b.say(t, "\x02\x00\x00\x01\x00\x00\x00\x00") // raw
	return b
}

// enter is one whose page has not said yet what it understands.
func (w *world) enter(t *testing.T, view string) *browser {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), w.url+"/desktop/stream", &websocket.DialOptions{HTTPHeader: http.Header{api.ViewHeader: {view}}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = ws.CloseNow() })
	b := &browser{websocket.NetConn(t.Context(), ws, websocket.MessageBinary)}
	b.read(t, 12)
	b.say(t, "RFB 003.008\n")
	require.Equal(t, []byte{1, 1}, b.read(t, 2), "one way to log in, which is none")
	b.say(t, "\x01")
	require.Equal(t, make([]byte, 4), b.read(t, 4), "and it is taken")
	b.say(t, "\x00") // alone, which nobody is
	init := b.read(t, 24)
	b.read(t, int(binary.BigEndian.Uint32(init[20:])))
	return b
}

func (b *browser) say(t *testing.T, what string) {
	t.Helper()
	_, err := b.Write([]byte(what))
	require.NoError(t, err)
}

func (b *browser) read(t *testing.T, n int) []byte {
	t.Helper()
	out := make([]byte, n)
	_, err := io.ReadFull(b, out)
	require.NoError(t, err)
	return out
}

// pixel is the color of the desktop's first pixel. What was said before has arrived by
// then.
func (b *browser) pixel(t *testing.T) []byte {
	t.Helper()
	b.say(t, "\x03\x00\x00\x00\x00\x00\x00\x01\x00\x01")
	head := b.read(t, 4)
	require.Equal(t, []byte{0, 0, 0, 1}, head)
	b.read(t, 12)
	return b.read(t, 4)
}

func (b *browser) point(t *testing.T, x, y byte) {
	t.Helper()
	b.say(t, string([]byte{5, 0, 0, x, 0, y}))
}

func inside(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

func TestWhoWorksOnADesktopMovesItAndWhoWatchesDoesNot(t *testing.T) {
	w := newWorld(t, nil)
	env := w.show(t)
	require.NoError(t, w.Start(t.Context(), "anns"))
	require.Equal(t, `POST /session {"id":"anns"}`, <-w.asked)
	ann, staff := w.open(t, ""), w.open(t, api.ViewOnly)

	inside(t, env, "xsetroot", "-solid", "#123456")
	for _, b := range []*browser{ann, staff} {
		require.Eventually(t, func() bool { return bytes.Equal(b.pixel(t)[:3], []byte{0x56, 0x34, 0x12}) }, time.Minute, time.Millisecond, "both see what is drawn")
	}
	w.clock.passes(90 * time.Second)
	require.InDelta(t, 90, idle(t, w.Desktop), 0, "to look on is to be idle")
	ann.point(t, 100, 50)
	ann.pixel(t)
	require.Contains(t, inside(t, env, "xdotool", "getmouselocation"), "x:100 y:50 ")
	require.InDelta(t, 0, idle(t, w.Desktop), 0)

	w.clock.passes(time.Minute)
	staff.point(t, 200, 150)
	staff.say(t, "\x04\x01\x00\x00\x00\x00\x00a")
	staff.pixel(t)
	require.Contains(t, inside(t, env, "xdotool", "getmouselocation"), "x:100 y:50 ")
	require.InDelta(t, 60, idle(t, w.Desktop), 0)

	staff.say(t, "\x63") // what no viewer sends
	_, err := staff.Read(make([]byte, 1))
	require.Error(t, err, "it is cut off")
	ann.pixel(t) // and nobody else is
	require.NoError(t, w.End(t.Context(), "anns"))
	require.Equal(t, "DELETE /session?id=anns ", <-w.asked)
	_, known := w.Idle(t.Context())
	require.False(t, known)
}

// A participant is told of who looks on by what is before their desktop, which takes another
// size by that. An X server cuts off who has not said by then that they understand sizes.
func TestWhoJustCameStaysWhileADesktopTakesAnotherSize(t *testing.T) {
	w := newWorld(t, nil)
	env := w.show(t)
	require.NoError(t, w.Start(t.Context(), "anns"))
	ann, staff := w.enter(t, ""), w.enter(t, api.ViewOnly)
	ann.say(t, "\x02\x00\x00\x02"+"\x00\x00\x00\x00"+"\xff\xff\xfe\xcc") // raw, and sizes
	ann.say(t, "\xfb\x00\x02\x80\x01\xe0\x01\x00"+"\x00\x00\x00\x00"+"\x00\x00\x00\x00\x02\x80\x01\xe0"+"\x00\x00\x00\x00")
	require.Eventually(t, func() bool { return inside(t, env, "xdotool", "getdisplaygeometry") == "640 480\n" }, time.Minute, 50*time.Millisecond)
	staff.say(t, "\x03\x00\x00\x00\x00\x00\x00\x01\x00\x01")
	staff.read(t, 4)
}

// Whose desktop it is that runs while the agent was told of none, as after a restart,
// nobody knows.
func TestADesktopThatNobodyOrderedIsSeenByNobody(t *testing.T) {
	w := newWorld(t, nil)
	w.show(t)
	for _, during := range []func(){func() {}, func() { require.NoError(t, w.End(t.Context(), "anns")) }} {
		during()
		_, res, err := websocket.Dial(t.Context(), w.url+"/desktop/stream", nil)
		require.Error(t, err)
		require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
		require.NoError(t, w.Start(t.Context(), "anns"))
		w.open(t, "").pixel(t)
	}
}

// stopped is a desktop that greets, and then takes and says nothing: one that its participant
// stopped.
func (w *world) stopped(t *testing.T) {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(w.session, session.Socket))
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("RFB 003.008\n"))
			t.Cleanup(func() { _ = conn.Close() })
		}
	}()
	w.SetPatience(50 * time.Millisecond)
	require.NoError(t, w.Start(t.Context(), "anns"))
}

func TestADesktopThatTakesNothingIsLeft(t *testing.T) {
	w := newWorld(t, nil)
	w.stopped(t)
	ws, _, err := websocket.Dial(t.Context(), w.url+"/desktop/stream", nil)
	require.NoError(t, err)
	defer func() { _ = ws.CloseNow() }()
	b := &browser{websocket.NetConn(t.Context(), ws, websocket.MessageBinary)}
	left := make(chan struct{})
	go func() { // a browser answers while it reads
		defer close(left)
		_, _ = io.Copy(io.Discard, b)
	}()
	_, err = b.Write([]byte("RFB 003.008\n\x01\x00"))
	for much := bytes.Repeat([]byte{5, 0, 0, 1, 0, 1}, 10000); err == nil; {
		_, err = b.Write(much)
	}
	<-left
	require.Eventually(t, func() bool { return w.Streams() == 0 }, time.Minute, time.Millisecond, "another has its place")
}

func TestABrowserThatDoesNotAnswerIsLeft(t *testing.T) {
	w := newWorld(t, nil)
	w.stopped(t)
	ws, _, err := websocket.Dial(t.Context(), w.url+"/desktop/stream", nil) // reads nothing, and so answers nothing
	require.NoError(t, err)
	defer func() { _ = ws.CloseNow() }()
	require.Eventually(t, func() bool { return w.Streams() == 0 }, time.Minute, time.Millisecond)
}

func TestAMachineThatComputesIsNotIdle(t *testing.T) {
	busy, known := true, true
	w := newWorld(t, func() (bool, bool) { return busy, known })
	require.NoError(t, w.Start(t.Context(), "anns"))
	w.clock.passes(time.Hour)
	require.Zero(t, idle(t, w.Desktop))
	busy = false
	w.clock.passes(time.Minute)
	require.InDelta(t, 60, idle(t, w.Desktop), 0)
	known = false
	_, tells := w.Idle(t.Context())
	require.False(t, tells, "what is not known is not idle")
}

// One that is only shown again, as its unit was given up, does not work for that.
func TestWhoseDesktopIsShownAgainIsAsIdleAsBefore(t *testing.T) {
	w := newWorld(t, nil)
	require.NoError(t, w.Start(t.Context(), "anns"))
	w.clock.passes(time.Minute)
	require.NoError(t, w.Start(t.Context(), "anns"))
	require.InDelta(t, 60, idle(t, w.Desktop), 0)
	require.NoError(t, w.Start(t.Context(), "bobs"))
	require.Zero(t, idle(t, w.Desktop))
}

func TestWhatIsNoDesktopGetsNoWord(t *testing.T) {
	w := newWorld(t, nil)
	require.NoError(t, w.Start(t.Context(), "anns"))
	refused := func() string {
		res, err := http.Get(w.url + "/desktop/stream")
		require.NoError(t, err)
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
		return string(raw)
	}
	require.Contains(t, refused(), "The desktop is not there yet")

	other := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(other, "control"))
	require.NoError(t, err)
	said := make(chan string, 1)
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			raw, _ := io.ReadAll(conn)
			said <- string(raw)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	name := filepath.Join(w.session, session.Socket)
	require.NoError(t, os.Symlink(filepath.Join(other, "control"), name))
	refused()
	require.Empty(t, said, "a name that leads elsewhere is not followed")
	require.NoError(t, os.Remove(name))
	require.NoError(t, os.Link(filepath.Join(other, "control"), name))
	refused()
	require.Empty(t, <-said, "what does not greet is told nothing")
}

func TestWhatTheWardenSaysIsTold(t *testing.T) {
	w := newWorld(t, nil)
	w.refuses = "Instance metadata cannot be closed to the session"
	require.ErrorContains(t, w.Start(t.Context(), "anns"), w.refuses)
	require.ErrorContains(t, w.End(t.Context(), "anns"), w.refuses)
	alone := vnc.New(vnc.Places{Session: t.TempDir(), Desktop: "rfb", Warden: t.TempDir(), Control: "control"}, nil, time.Now)
	require.ErrorContains(t, alone.Start(t.Context(), "anns"), "systemctl status lablink-warden")
}

func TestThePageOfADesktopSpeaksTheLanguageThatItIsTold(t *testing.T) {
	w := newWorld(t, nil)
	said, err := viewer.Language{Name: "de", Words: map[string]string{"seat": "Dein <Platz>", "back": "Dein <Platz>"}}.Header()
	require.NoError(t, err)
	for header, want := range map[string][]string{
		said: {`<html lang="de">`, "Dein &lt;Platz&gt;", "Desktop"}, "": {`<html lang="en">`}, "?": {`<html lang="en">`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/desktop/", nil)
		require.NoError(t, err)
		req.Header.Set(api.WordsHeader, header)
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		raw, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		for _, words := range want {
			require.Contains(t, string(raw), words, header)
		}
	}
}

func TestThePageSaysWhenItWasBuiltWithoutTheViewer(t *testing.T) {
	w := newWorld(t, nil)
	res, err := http.Get(w.url + "/desktop/")
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	script, err := http.Get(w.url + "/desktop/viewer.js")
	require.NoError(t, err)
	defer script.Body.Close()
	if viewer.Built() {
		assert.Contains(t, string(raw), `data-stream="stream"`)
		assert.Equal(t, "text/javascript; charset=utf-8", script.Header.Get("Content-Type"))
	} else {
		assert.Contains(t, string(raw), "built without the viewer")
		assert.Equal(t, http.StatusNotFound, script.StatusCode)
	}
}
