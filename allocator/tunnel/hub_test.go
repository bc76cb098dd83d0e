package tunnel_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/agent"
	agenttunnel "github.com/talmolab/lablink-infrastructure/agent/tunnel"
	"github.com/talmolab/lablink-infrastructure/allocator/tunnel"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type change struct {
	machine string
	up      bool
}

// world is a hub behind a server that takes the tunnel of any machine.
type world struct {
	*tunnel.Hub
	url     string
	changes chan change
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{changes: make(chan change, 10)}
	w.Hub = &tunnel.Hub{Log: slog.New(slog.DiscardHandler), OnChange: func(m, _ string, up bool) { w.changes <- change{m, up} }}
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+api.TunnelPath("{id}"), func(rw http.ResponseWriter, r *http.Request) { w.Serve(rw, r, r.PathValue("id")) })
	server := httptest.NewServer(mux)
	w.url = server.URL
	t.Cleanup(func() {
		w.Close()
		server.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return w
}

// dial opens a machine's tunnel as the agent does. The returned function ends it.
func (w *world) dial(t *testing.T, machine string, handler http.Handler) (hangUp func()) {
	t.Helper()
	d := &agenttunnel.Dialer{URL: w.url, HTTP: http.DefaultClient, Handler: handler, Log: slog.New(slog.DiscardHandler)}
	opened, err := d.Dial(t.Context(), agent.Identity{AgentID: machine, Secret: "secret"})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = opened.Serve(ctx) // says why it ended, which the test knows
	}()
	hangUp = func() { cancel(); <-done }
	t.Cleanup(hangUp)
	return hangUp
}

func (w *world) next(t *testing.T) change {
	t.Helper()
	select {
	case c := <-w.changes:
		return c
	case <-time.After(30 * time.Second):
		t.Fatal("nothing changed")
		panic("unreachable")
	}
}

func answering(health api.Health) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(api.Status{Health: health})
	})
}

func TestAMachineIsReachedThroughItsTunnel(t *testing.T) {
	w := newWorld(t)
	_, err := w.Status(t.Context(), "mch_1")
	require.Equal(t, api.Unavailable, api.CodeOf(err))
	hangUp := w.dial(t, "mch_1", answering(api.Healthy))
	w.dial(t, "mch_2", answering(api.Degraded))
	up := []change{w.next(t), w.next(t)}
	require.ElementsMatch(t, []change{{"mch_1", true}, {"mch_2", true}}, up)
	require.Equal(t, 2, w.Connected())
	for machine, want := range map[string]api.Health{"mch_1": api.Healthy, "mch_2": api.Degraded} {
		status, err := w.Status(t.Context(), machine)
		require.NoError(t, err)
		require.Equal(t, want, status.Health)
	}
	hangUp()
	require.Equal(t, change{"mch_1", false}, w.next(t))
	_, err = w.Status(t.Context(), "mch_1")
	require.Equal(t, api.Unavailable, api.CodeOf(err))
}

func TestANewTunnelTakesThePlaceOfTheOldOne(t *testing.T) {
	w := newWorld(t)
	w.dial(t, "mch_1", answering(api.Degraded))
	require.Equal(t, change{"mch_1", true}, w.next(t))
	hangUp := w.dial(t, "mch_1", answering(api.Healthy))
	require.Equal(t, change{"mch_1", true}, w.next(t))
	status, err := w.Status(t.Context(), "mch_1")
	require.NoError(t, err)
	require.Equal(t, api.Healthy, status.Health)
	require.Equal(t, 1, w.Connected())
	hangUp()
	require.Equal(t, change{"mch_1", false}, w.next(t), "the old one's end is not the machine's")
}

func TestAnAgentThatAnswersNonsenseIsUnavailable(t *testing.T) {
	w := newWorld(t)
	for name, h := range map[string]http.HandlerFunc{
		"an error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) },
		"too much": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"reason":"` + strings.Repeat("x", 1<<20) + `"}`))
		},
		"long headers": func(w http.ResponseWriter, _ *http.Request) {
			for i := range 400 {
				w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1<<10))
			}
			_, _ = w.Write([]byte("{}"))
		},
		"no JSON": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) },
	} {
		hangUp := w.dial(t, name, h)
		require.True(t, w.next(t).up)
		_, err := w.Status(t.Context(), name)
		require.Equal(t, api.Unavailable, api.CodeOf(err), name)
		hangUp()
		require.False(t, w.next(t).up)
	}
}

func TestOfWhatAnAgentSaysIsWrongLittleIsPassedOn(t *testing.T) {
	w := newWorld(t)
	w.dial(t, "mch_1", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(api.Problem{Title: "No", Detail: strings.Repeat("ä", 10_000), Code: api.Conflict})
	}))
	require.True(t, w.next(t).up)
	err := w.StartSession(t.Context(), "mch_1", "one", 1)
	require.Equal(t, api.Conflict, api.CodeOf(err))
	require.Less(t, len(err.Error()), 1100)
}
