package main

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/agent/tunnel"
	"github.com/talmolab/lablink-infrastructure/agent/uplink"
	agentweb "github.com/talmolab/lablink-infrastructure/agent/web"
	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/watching"
)

// balancer passes requests on to hosts in turn, as a load balancer does: one that is
// not ready gets none.
type balancer struct {
	mu    sync.Mutex
	hosts []*url.URL
	turn  int
}

func (b *balancer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.turn++
	to := b.hosts[b.turn%len(b.hosts)]
	b.mu.Unlock()
	p := httputil.NewSingleHostReverseProxy(to)
	p.FlushInterval = -1
	p.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	p.Transport = &http.Transport{DisableKeepAlives: true}
	p.ServeHTTP(w, r)
}

func (b *balancer) use(t *testing.T, clients ...*api.Client) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.hosts = nil
	for _, c := range clients {
		u, err := url.Parse(c.URL)
		require.NoError(t, err)
		b.hosts = append(b.hosts, u)
	}
}

// answerAWS answers as SSM and Secrets Manager do to who asks for passwords.
func answerAWS(t *testing.T) {
	t.Helper()
	answerSSM(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") == "" { // EC2 is away: what it does not list would be gone
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		if strings.HasPrefix(r.Header.Get("X-Amz-Target"), "secretsmanager.") {
			_, _ = io.WriteString(w, `{"SecretString": "{\"username\": \"`+pgtest.User+`\", \"password\": \"-\"}"}`)
			return
		}
		_, _ = io.WriteString(w, `{"Parameter": {"Value": "a very good password", "Version": 1}}`)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL", server.URL)
}

// several is a deployment with two allocators on one database.
type several struct {
	settings string
	database postgres.Config
	balancer balancer
	url      string
	store    allocator.Store // which is none of theirs
}

func newSeveral(t *testing.T) *several {
	t.Helper()
	return newSeveralOn(t, pgtest.Database(t))
}

func newSeveralOn(t *testing.T, c postgres.Config) *several {
	t.Helper()
	answerAWS(t)
	s := &several{database: c, settings: filepath.Join(t.TempDir(), "settings.json")}
	text := strings.Replace(settingsOfOne, `{"engine": "sqlite"}`,
		`{"engine": "postgres", "endpoint": "`+s.database.Host+`:5432", "name": "`+s.database.Name+`", "secretArn": "arn:x"}`, 1)
	require.NoError(t, os.WriteFile(s.settings, []byte(text), 0o600))
	store, err := postgres.Open(t.Context(), s.database)
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	s.store = store
	server := httptest.NewServer(&s.balancer)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// host runs an allocator on a host of its own.
func (s *several) host(t *testing.T) (c *api.Client, stop func()) {
	t.Helper()
	return serving(t, place{Settings: s.settings, Data: t.TempDir()})
}

// noGPU is a machine without NVIDIA's driver.
type noGPU struct{ gpu.NVML }

func (noGPU) Init() error { return gpu.ErrNoDriver }

// echo is a desktop that answers what it is told.
func echo(mux *http.ServeMux) {
	mux.HandleFunc("GET /desktop/stream", func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return // which it has answered
		}
		defer ws.CloseNow()
		conn := websocket.NetConn(r.Context(), ws, websocket.MessageBinary)
		_, _ = io.Copy(conn, conn)
	})
}

// told tells a desktop something, and waits for the answer.
func told(conn net.Conn) error {
	if _, err := conn.Write([]byte{1}); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 1))
	return err
}

// runAgent runs the agent of a machine, which comes by the balancer.
func (s *several) runAgent(t *testing.T, m allocator.Machine) {
	t.Helper()
	store := identity.NewStore(t.TempDir())
	require.NoError(t, store.Save(agent.Identity{AgentID: m.AgentID, Secret: m.ID}))
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	machine := agent.NewMachine(noGPU{}, agent.About{Version: "dev"}, time.Now)
	running := agent.New(agent.Config{
		Machine: machine, Allocator: &uplink.Allocator{URL: s.url, HTTP: client}, Identities: store,
		Dialer: &tunnel.Dialer{URL: s.url, HTTP: client, Handler: agentweb.Handler(machine, echo), Log: slog.New(slog.DiscardHandler)},
		Now:    time.Now, Random: rand.Float64, Log: slog.New(slog.DiscardHandler),
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- running.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

// holders are the allocators that hold machines' tunnels.
func (s *several) holders(t *testing.T, machines []allocator.Machine) (out []string) {
	t.Helper()
	for _, m := range machines {
		holder, err := s.store.HolderOf(t.Context(), m.ID)
		if api.CodeOf(err) == api.NotFound {
			continue
		}
		require.NoError(t, err)
		out = append(out, holder.ID)
	}
	return out
}

// sees reports whether a participant sees their desktop by an allocator.
func (s *several) sees(t *testing.T, person *http.Client, by string) bool {
	t.Helper()
	res, err := person.Get(by + "/desktop/")
	if err != nil {
		return false
	}
	defer res.Body.Close()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode == http.StatusOK && strings.HasPrefix(string(body), "This machine has no desktop yet")
}

// claim claims a seat by an allocator. The cookie is good for all: they have one name.
func (s *several) claim(t *testing.T, by, code, email string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	person := &http.Client{Jar: jar, Timeout: time.Minute}
	c := &api.Client{URL: by, HTTP: person}
	var seat api.Seat
	require.NoError(t, c.Do(t.Context(), http.MethodPost, "/api/v1/seats", api.Claim{Code: code, Email: email}, &seat))
	return person
}

// other is a server that has nothing to do with allocators.
func other(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	return server.URL
}

func TestSeveralAllocatorsServeAsOne(t *testing.T) {
	s := newSeveral(t)
	one, stopOne := s.host(t)
	two, stopTwo := s.host(t)
	ws, machines := storetest.Ready(t, s.store, 4)
	for i, m := range machines {
		s.balancer.use(t, []*api.Client{one, two}[i%2])
		s.runAgent(t, m)
		require.Eventually(t, func() bool { return len(s.holders(t, machines)) == i+1 }, time.Minute, 10*time.Millisecond)
	}
	s.balancer.use(t, one, two)
	held := s.holders(t, machines)
	slices.Sort(held)
	require.Len(t, slices.Compact(held), 2, "the balancer gave tunnels to both")

	// Everybody claims by both at once, and nobody has two seats.
	var people [4]*http.Client
	var all sync.WaitGroup
	for i, email := range []string{"a@example.org", "b@example.org", "c@example.org", "d@example.org"} {
		all.Go(func() { people[i] = s.claim(t, []string{one.URL, two.URL}[i%2], ws.JoinCode, email) })
	}
	all.Wait()
	seats, err := s.store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	given := map[string]bool{}
	for _, seat := range seats {
		require.Equal(t, allocator.SeatAssigned, seat.State)
		given[seat.MachineID] = true
	}
	require.Len(t, given, 4)
	for _, person := range people {
		for _, by := range []string{one.URL, two.URL, s.url} {
			require.True(t, s.sees(t, person, by), "a desktop is reached by each")
		}
	}

	// One is told to stop. It serves on until the agents have moved; the other answers
	// for all of them then, and who is at their desktop hardly notices.
	stalls := watching.WatchStalls(t, other(t))
	desktop := &watching.Desktop{HTTP: people[0], URL: two.URL + "/desktop/stream", Look: told}
	desktop.Watch(t)
	desktop.Begin()
	s.balancer.use(t, one) // which takes no tunnels any more: no agent has moved before it was heard
	before := time.Now()
	stopped := make(chan struct{})
	go func() { defer close(stopped); stopOne() }()
	moved := false
	for end := false; !end; {
		select {
		case <-stopped:
			end = true
		case <-time.After(5 * time.Millisecond):
		}
		if r, err := one.Ready(t.Context()); err == nil && !r.Ready && !moved {
			moved = true
			s.balancer.use(t, two)
		}
	}
	took := time.Since(before)
	away, streams := desktop.Longest(t)
	stalled := 3 * stalls.Longest() // until it is seen to be away, asked for, and there
	t.Logf("stopped after %s; a desktop was away for %s at most, and %d streams of it ended; this computer stalled for %s", took, away, streams, stalled)
	require.LessOrEqual(t, away, 2*time.Second+stalled)
	desktop.Stop()
	require.True(t, moved, "it said that it is not ready before it stopped")
	for _, person := range people {
		require.True(t, s.sees(t, person, two.URL), "all that agents had moved before it was gone")
	}
	require.Eventually(t, func() bool { // where there was no time to say so, by its silence
		there, err := s.store.ListPeers(t.Context())
		require.NoError(t, err)
		return len(there) == 1
	}, time.Minute, 10*time.Millisecond)

	three, stopThree := s.host(t)
	s.balancer.use(t, three)
	for _, person := range people {
		require.True(t, s.sees(t, person, three.URL), "one that starts takes nothing from the other")
	}
	stopTwo()
	for _, person := range people {
		require.True(t, s.sees(t, person, three.URL))
	}
	stopThree()
}
