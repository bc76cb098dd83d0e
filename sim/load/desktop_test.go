package load

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

const (
	// drawn is what the desktop draws at once, in bytes, and echoed how much it answers
	// when it is only asked.
	drawn  = 512 << 20
	echoed = 4
	asked  = 500 // times
	hello  = "RFB 003.008\n"
	little = "\x03\x01\x00\x00\x00\x00\x00\x01\x00\x01" // what has changed
	whole  = "\x03\x00\x00\x00\x00\x00\x00\x01\x00\x01"
)

// beDesktop is a process that speaks as a desktop does, on a socket, and draws as fast as
// it can. It draws nothing that anybody could see.
func beDesktop(_ context.Context, in *json.Decoder, out *json.Encoder) error {
	var socket string
	if err := in.Decode(&socket); err != nil {
		return err
	}
	l, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	if err := out.Encode(true); err != nil {
		return err
	}
	for {
		conn, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			defer conn.Close()
			_ = draw(conn)
		}()
	}
}

func draw(conn net.Conn) error {
	in := bufio.NewReader(conn)
	if err := say(conn, in, hello, len(hello)); err != nil {
		return err
	}
	if err := say(conn, in, "\x01\x01", 1); err != nil {
		return err
	}
	if err := say(conn, in, "\x00\x00\x00\x00", 1); err != nil {
		return err
	}
	request, piece := make([]byte, len(whole)), make([]byte, 256<<10)
	for {
		if _, err := io.ReadFull(in, request); err != nil {
			return err
		}
		left := drawn
		if request[1] == 1 {
			left = echoed
		}
		for left > 0 {
			n, err := conn.Write(piece[:min(left, len(piece))])
			if left -= n; err != nil {
				return err
			}
		}
	}
}

// say says something and waits for so many bytes.
func say(conn io.Writer, in io.Reader, what string, answer int) error {
	if _, err := conn.Write([]byte(what)); err != nil {
		return err
	}
	_, err := io.CopyN(io.Discard, in, int64(answer))
	return err
}

// begin is how a viewer begins.
func begin(b *testing.B, conn io.ReadWriter) {
	b.Helper()
	for _, step := range []struct {
		hear int
		say  string
	}{{len(hello), hello}, {2, "\x01"}, {4, "\x00"}} {
		_, err := io.CopyN(io.Discard, conn, int64(step.hear))
		require.NoError(b, err)
		_, err = conn.Write([]byte(step.say))
		require.NoError(b, err)
	}
}

// around is what it takes to ask and to be answered, in the middle.
func around(b *testing.B, conn io.ReadWriter) float64 {
	b.Helper()
	var took []float64
	for range asked {
		from := time.Now()
		_, err := io.WriteString(conn, little)
		require.NoError(b, err)
		_, err = io.CopyN(io.Discard, conn, echoed)
		require.NoError(b, err)
		took = append(took, time.Since(from).Seconds()*1000)
	}
	return median(took)
}

// BenchmarkDesktop measures the stream of a desktop, from its socket through the agent,
// the tunnel and the allocator to a browser, each a process of its own.
func BenchmarkDesktop(b *testing.B) {
	g := newGround(b, deployed.SQLite)
	store := g.store(b)
	w, instances := g.stock(b, store, "room", 1)
	require.NoError(b, store.Close())
	_, url := g.serve(b)
	dir := b.TempDir()
	order[bool](b, start(b, "desktop", filepath.Join(dir, "rfb")), struct{}{})
	control, err := net.Listen("unix", filepath.Join(dir, "control"))
	require.NoError(b, err)
	warden := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go func() { _ = warden.Serve(control) }()
	defer warden.Close()
	crew := g.crew(b, url, instances)
	crew.Desktop = dir
	require.Empty(b, order[agentsDone](b, start(b, "agents", crew), agentsOrder{Come: true, Width: 1}).Errors)
	jar, err := cookiejar.New(nil)
	require.NoError(b, err)
	ann := &api.Client{URL: url, HTTP: &http.Client{Jar: jar}}
	require.NoError(b, ann.Do(b.Context(), http.MethodPost, "/api/v1/seats", api.Claim{Code: w.JoinCode, Email: "ann@example.org"}, nil))

	direct, err := net.Dial("unix", filepath.Join(dir, "rfb"))
	require.NoError(b, err)
	defer direct.Close()
	begin(b, direct)
	ws, _, err := websocket.Dial(b.Context(), strings.Replace(url, "http", "ws", 1)+"/desktop/stream", &websocket.DialOptions{HTTPClient: ann.HTTP})
	require.NoError(b, err)
	defer ws.CloseNow()
	browser := websocket.NetConn(b.Context(), ws, websocket.MessageBinary)
	begin(b, browser)

	b.ReportMetric(around(b, browser)-around(b, direct), "tunnel_added_rtt:ms")
	var rates []float64
	for range 3 {
		from := time.Now()
		_, err = io.WriteString(browser, whole)
		require.NoError(b, err)
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, io.LimitReader(browser, drawn), make([]byte, 256<<10))
		require.NoError(b, err)
		rates = append(rates, drawn/time.Since(from).Seconds()/1e6)
	}
	b.ReportMetric(median(rates), "tunnel_throughput:MB/s")
}
