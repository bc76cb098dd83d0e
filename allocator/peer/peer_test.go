package peer_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/peer"
	"github.com/talmolab/lablink-infrastructure/api"
)

// ask sends a request to a machine by an allocator, whoever holds its tunnel.
func (o *one) ask(t *testing.T, machine, method, path string, header http.Header) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://agent"+path, nil)
	require.NoError(t, err)
	for name, values := range header {
		r.Header[name] = values
	}
	res, err := o.Transport(machine).RoundTrip(r)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(body), nil
}

func TestAnAllocatorReachesAMachineByTheOneThatHoldsItsTunnel(t *testing.T) {
	w := newWorld(t)
	a, b := w.allocator(t), w.allocator(t)
	w.dial(t, a, w.machines[0], desktop(api.Healthy))
	w.dial(t, b, w.machines[1], desktop(api.Degraded))
	for _, o := range []*one{a, b} {
		for i, want := range []api.Health{api.Healthy, api.Degraded} {
			status, err := o.Status(t.Context(), w.machines[i])
			require.NoError(t, err)
			require.Equal(t, want, status.Health)
		}
	}
	res, body, err := b.ask(t, w.machines[0], http.MethodPost, "/desktop/a%2Fb/c?q=1%202", http.Header{"Lablink-View": {"only"}})
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "POST /desktop/a%2Fb/c?q=1%202", body)
	require.Equal(t, "only", res.Header.Get("Said"), "what the first allocator grants is passed on")
	res, _, err = b.ask(t, w.machines[0], http.MethodGet, "/nothing", nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, res.StatusCode, "what the agent says is passed on")
}

// Reports of one agent come now to one allocator and now to another.
func TestAllocatorsAgreeOnceAllOfThemRunTheSameRelease(t *testing.T) {
	w := newWorld(t)
	a, b := w.allocator(t), w.allocator(t)
	look := func(release string, of *one) {
		t.Helper()
		of.Self.Release = release
		require.NoError(t, of.Look(t.Context()))
		require.NoError(t, a.Look(t.Context()))
	}
	look("new", a)
	require.False(t, a.Agreed(), "the other one does not say which it runs, as one of an older release")
	look("old", b)
	require.False(t, a.Agreed())
	require.False(t, b.Agreed())
	look("new", b)
	require.True(t, a.Agreed())
	require.True(t, b.Agreed())
	look("newer", b)
	require.False(t, a.Agreed())
	require.NoError(t, b.End(t.Context()))
	require.NoError(t, a.Look(t.Context()))
	require.True(t, a.Agreed(), "it is alone")
}

func TestADesktopsStreamPassesBetweenAllocatorsUnhurt(t *testing.T) {
	w := newWorld(t)
	a, b := w.allocator(t), w.allocator(t)
	w.dial(t, a, w.machines[0], desktop(api.Healthy))
	pages := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:   func(p *httputil.ProxyRequest) { p.Out.URL.Scheme, p.Out.URL.Host = "http", "agent" },
		Transport: b.Transport(w.machines[0]),
	})
	defer pages.Close()
	ws, _, err := websocket.Dial(t.Context(), pages.URL+"/desktop/stream", nil)
	require.NoError(t, err)
	defer ws.CloseNow()
	ws.SetReadLimit(-1)
	for _, size := range []int{1, 1000, 100_000, 3} {
		said := strings.Repeat("x", size)
		require.NoError(t, ws.Write(t.Context(), websocket.MessageBinary, []byte(said)))
		kind, heard, err := ws.Read(t.Context())
		require.NoError(t, err)
		require.Equal(t, websocket.MessageBinary, kind)
		require.Equal(t, said+said, string(heard))
	}
}

// refused requires that somebody is told to ask again soon.
func refused(t *testing.T, err error) {
	t.Helper()
	require.Equal(t, api.Unavailable, api.CodeOf(err), "%v", err)
	var p *api.Problem
	require.ErrorAs(t, err, &p)
	require.Positive(t, p.RetryAfter)
}

func TestAMachineIsFoundAgainWhenItsAllocatorIsGone(t *testing.T) {
	w := newWorld(t)
	a, b := w.allocator(t), w.allocator(t)
	_, _, err := b.ask(t, w.machines[0], http.MethodGet, "/status", nil)
	refused(t, err)
	w.dial(t, a, w.machines[0], desktop(api.Healthy))
	require.NoError(t, a.server.Close())
	_, _, err = b.ask(t, w.machines[0], http.MethodGet, "/status", nil)
	refused(t, err)
	require.ErrorContains(t, err, a.Self.ID, "the log says which one")
	a.stop()
	w.dial(t, b, w.machines[0], desktop(api.Degraded))
	c := w.allocator(t)
	status, err := c.Status(t.Context(), w.machines[0])
	require.NoError(t, err)
	require.Equal(t, api.Degraded, status.Health)
}

func TestAnAllocatorThatIsAskedForWhatItHasNotForwardsNothing(t *testing.T) {
	w := newWorld(t)
	a, b := w.allocator(t), w.allocator(t)
	for _, holder := range []*one{a, b} { // one of which was there until now, by its own word
		require.NoError(t, w.Connect(t.Context(), w.machines[0], allocator.Tunnel{ID: "gone", Holder: holder.Self.ID}))
		_, _, err := b.ask(t, w.machines[0], http.MethodGet, "/status", nil)
		refused(t, err)
	}
}

// knock asks an allocator with a certificate.
func knock(t *testing.T, o *one, certificates ...tls.Certificate) error {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{Certificates: certificates, InsecureSkipVerify: true}}
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Get("https://" + o.Self.Address + "/machines/x/status")
	if err == nil {
		err = res.Body.Close()
	}
	return err
}

func TestOnlyAllocatorsThatAreThereAreLetIn(t *testing.T) {
	w := newWorld(t)
	a, b := w.allocator(t), w.allocator(t)
	stranger, err := peer.NewIdentity("127.0.0.1:1", time.Now())
	require.NoError(t, err)
	require.Error(t, knock(t, a), "somebody without a certificate")
	require.Error(t, knock(t, a, peer.Certificate(stranger)), "somebody with one of their own")
	require.NoError(t, knock(t, a, peer.Certificate(b.identity)))

	require.NoError(t, w.ForgetPeer(t.Context(), b.Self.ID))
	require.NoError(t, a.Look(t.Context()))
	require.Error(t, knock(t, a, peer.Certificate(b.identity)), "one that was forgotten")
	require.NoError(t, b.Look(t.Context()))
	require.NoError(t, knock(t, a, peer.Certificate(b.identity)), "one that is heard of again")
}

func TestAnAllocatorDoesNotTakeAnotherForTheHolder(t *testing.T) {
	w := newWorld(t)
	a, b := w.allocator(t), w.allocator(t)
	w.dial(t, a, w.machines[0], desktop(api.Healthy))
	imposter := a.Self // somebody else listens at its address by now
	imposter.Certificate = b.Self.Certificate
	require.NoError(t, w.Beat(t.Context(), imposter, time.Hour))
	_, _, err := b.ask(t, w.machines[0], http.MethodGet, "/status", nil)
	refused(t, err)
	require.ErrorContains(t, err, "not that of an allocator of this deployment")
}

func TestWhatIsWrittenDownBecomesWhatIsUp(t *testing.T) {
	w := newWorld(t)
	a, b := w.allocator(t), w.allocator(t)
	w.dial(t, a, w.machines[0], desktop(api.Healthy))

	require.NoError(t, w.ForgetPeer(t.Context(), a.Self.ID))
	_, err := w.HolderOf(t.Context(), w.machines[0])
	require.Equal(t, api.NotFound, api.CodeOf(err))
	require.NoError(t, a.Look(t.Context()))
	w.heldBy(t, w.machines[0], a)

	require.NoError(t, w.Connect(t.Context(), w.machines[1], allocator.Tunnel{ID: "lost", Holder: a.Self.ID}))
	require.NoError(t, a.Look(t.Context()))
	_, err = w.HolderOf(t.Context(), w.machines[1])
	require.Equal(t, api.NotFound, api.CodeOf(err), "a tunnel whose end was not written down")

	w.dial(t, b, w.machines[0], desktop(api.Degraded)) // while its old tunnel seems to be up still
	require.NoError(t, a.Look(t.Context()))
	require.Eventually(t, func() bool { return a.Connected() == 0 }, wait, tick)
	w.heldBy(t, w.machines[0], b)
	status, err := a.Status(t.Context(), w.machines[0])
	require.NoError(t, err)
	require.Equal(t, api.Degraded, status.Health)
}

func TestAgentsMoveBeforeAnAllocatorStops(t *testing.T) {
	w := newWorld(t)
	a, b := w.allocator(t), w.allocator(t)
	require.True(t, b.Others())
	tunnel, _ := w.dial(t, a, w.machines[0], desktop(api.Healthy))
	a.Drain(t.Context())
	<-tunnel.Moving()
	res, err := (&http.Client{Transport: machine{w.machines[0]}}).Get(a.agents.URL)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, "it takes no tunnel any more")
	status, err := b.Status(t.Context(), w.machines[0])
	require.NoError(t, err)
	require.Equal(t, api.Healthy, status.Health, "and serves the one that it has")
	w.dial(t, b, w.machines[0], desktop(api.Degraded))
	require.NoError(t, a.Look(t.Context()))
	require.Eventually(t, func() bool { return a.Connected() == 0 }, wait, tick)
	require.NoError(t, a.End(t.Context()))
	require.NoError(t, b.Look(t.Context()))
	require.False(t, b.Others())
}

func TestAnAllocatorLooksUntilItIsToldToStop(t *testing.T) {
	w := newWorld(t)
	a := w.allocator(t)
	require.NoError(t, w.ForgetPeer(t.Context(), a.Self.ID))
	ctx, stop := context.WithCancel(t.Context())
	ticks, done := make(chan time.Time), make(chan struct{})
	go func() { a.Watch(ctx, ticks); close(done) }()
	ticks <- time.Time{}
	ticks <- time.Time{} // the first look is over
	there, err := w.ListPeers(t.Context())
	require.NoError(t, err)
	require.Len(t, there, 1)
	stop()
	<-done
}
