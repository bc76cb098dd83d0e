package tunnel_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/internal/fakeallocator"
	"github.com/talmolab/lablink-infrastructure/agent/tunnel"
	"github.com/talmolab/lablink-infrastructure/agent/uplink"
	"github.com/talmolab/lablink-infrastructure/api"
)

var known = agent.Identity{AgentID: "agt_1", Secret: "s3cret"}

// serve runs an allocator until the test ends.
func serve(t *testing.T) (*fakeallocator.Allocator, *httptest.Server) {
	a := fakeallocator.New()
	a.Know(known.AgentID, known.Secret)
	s := httptest.NewServer(a)
	t.Cleanup(func() { a.Close(); s.Close() })
	return a, s
}

func dialer(t *testing.T, url string, h http.Handler) *tunnel.Dialer {
	client := uplink.NewHTTP("", nil)
	t.Cleanup(client.CloseIdleConnections)
	return &tunnel.Dialer{
		URL: url, HTTP: client, UserAgent: "lablink-agent/test", Handler: h, Log: slog.New(slog.DiscardHandler),
	}
}

// open opens a tunnel to a and serves it until the test ends or the returned
// function is called, which says why it ended.
func open(t *testing.T, a *fakeallocator.Allocator, d *tunnel.Dialer) (*fakeallocator.Tunnel, func() error) {
	ctx, cancel := context.WithCancel(t.Context())
	dialled, err := d.Dial(ctx, known)
	require.NoError(t, err)
	ended := make(chan error, 1)
	go func() { ended <- dialled.Serve(ctx) }()
	stop := sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	return <-a.Tunnels(), stop
}

// echo answers with the body of the request.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = w.Write(body)
})

func call(t *testing.T, through *fakeallocator.Tunnel, body []byte) []byte {
	res, err := through.HTTP.Post("http://agent/echo", "application/octet-stream", bytes.NewReader(body))
	if !assert.NoError(t, err) {
		return nil
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	assert.NoError(t, err)
	return raw
}

func TestManyRequestsOfAnySizeGoThroughATunnel(t *testing.T) {
	a, s := serve(t)
	through, _ := open(t, a, dialer(t, s.URL+"/", echo))
	assert.Equal(t, "lablink-agent/test", through.UserAgent)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			body := make([]byte, i*50_000) // up to 1 MB, far above a WebSocket's default limit
			_, _ = rand.Read(body)
			assert.True(t, bytes.Equal(body, call(t, through, body)), "%d bytes", len(body))
		})
	}
	all.Wait()
}

func TestATunnelGoesThroughAForwardProxy(t *testing.T) {
	a, s := serve(t)
	behind, err := url.Parse(s.URL)
	require.NoError(t, err)
	proxied.allocator.Store(behind)
	before := proxied.requests.Load()
	through, _ := open(t, a, dialer(t, "http://allocator.test", echo))
	assert.Equal(t, "hello", string(call(t, through, []byte("hello"))))
	assert.EqualValues(t, 1, proxied.requests.Load()-before)
}

func TestATunnelThatBreaksSaysSoAndCutsItsRequests(t *testing.T) {
	a, s := serve(t)
	began, cut := make(chan struct{}), make(chan struct{})
	dialled, err := dialer(t, s.URL, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
		close(cut)
	})).Dial(t.Context(), known)
	require.NoError(t, err)
	ended := make(chan error)
	go func() { ended <- dialled.Serve(t.Context()) }()
	through := <-a.Tunnels()
	asked := make(chan error)
	go func() {
		res, err := through.HTTP.Get("http://agent/")
		if err == nil {
			err = res.Body.Close()
		}
		asked <- err
	}()
	<-began
	through.Close()
	assert.Error(t, <-asked)
	assert.ErrorContains(t, <-ended, "the tunnel broke")
	select {
	case <-cut:
	default:
		t.Error("a request goes on after its tunnel ended")
	}
}

func TestATunnelEndsWithItsContext(t *testing.T) {
	a, s := serve(t)
	through, stop := open(t, a, dialer(t, s.URL, echo))
	assert.Equal(t, "hello", string(call(t, through, []byte("hello"))))
	assert.Error(t, stop())
	<-through.Closed()
}

func TestARefusalIsAProblem(t *testing.T) {
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   api.Problem
	}{
		"of the allocator": {
			answer: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/problem+json")
				w.Header().Set("Retry-After", "7")
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, `{"title":"No tunnels","status":403,"detail":"it drains","code":"forbidden"}`)
			},
			want: api.Problem{Title: "No tunnels", HTTP: 403, Detail: "it drains", Code: api.Forbidden, RetryAfter: 7 * time.Second},
		},
		"of something in between": {
			answer: func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "<html>", http.StatusNotFound) },
			want:   api.Problem{Title: "404 Not Found", HTTP: 404, Code: api.NotFound},
		},
		"an answer that is no refusal": {
			answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "welcome") },
			want:   api.Problem{Title: "200 OK", HTTP: 200, Code: api.Internal},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := httptest.NewServer(c.answer)
			t.Cleanup(s.Close)
			_, err := dialer(t, s.URL, echo).Dial(t.Context(), known)
			var p *api.Problem
			require.ErrorAs(t, err, &p)
			assert.Equal(t, c.want, *p)
		})
	}
}

func TestAWrongSecretIsUnauthorized(t *testing.T) {
	_, s := serve(t)
	_, err := dialer(t, s.URL, echo).Dial(t.Context(), agent.Identity{AgentID: "agt_1", Secret: "guess"})
	assert.Equal(t, api.Unauthorized, api.CodeOf(err))
}

func TestAnAllocatorThatIsNotThereIsNoProblem(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	_, err := dialer(t, s.URL, echo).Dial(t.Context(), known)
	require.ErrorContains(t, err, "open the tunnel")
	var p *api.Problem
	assert.NotErrorAs(t, err, &p)
}

func TestAnAllocatorThatNeverAnswersIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(func() { close(release); s.Close() })
	d := dialer(t, s.URL, echo)
	d.HTTP.Timeout = 50 * time.Millisecond
	_, err := d.Dial(t.Context(), known)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}
