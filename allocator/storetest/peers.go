package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// peer is the allocator with a number.
func peer(n int) allocator.Peer {
	return allocator.Peer{
		ID: fmt.Sprintf("alc_%d", n), Address: fmt.Sprintf("10.20.0.%d:8443", n),
		Certificate: allocator.SecretSum(fmt.Sprintf("certificate %d", n)), Release: fmt.Sprintf("release %d", n),
	}
}

// beat lets allocators be heard of. None is gone by its silence.
func (w *world) beat(t require.TestingT, peers ...allocator.Peer) {
	for _, p := range peers {
		require.NoError(t, w.Beat(context.Background(), p, time.Hour))
	}
}

func (w *world) held(t require.TestingT, p allocator.Peer) map[string]string {
	held, err := w.Held(context.Background(), p.ID)
	require.NoError(t, err)
	return held
}

func (w *world) peers(t require.TestingT) []allocator.Peer {
	all, err := w.ListPeers(context.Background())
	require.NoError(t, err)
	return all
}

func tunnelIsItsHolders(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	m := w.machines(t, ws.ID)[0]
	requireCode(t, api.Conflict, w.Connect(t.Context(), m.ID, allocator.Tunnel{ID: "t1", Holder: "alc_1"}))
	w.beat(t, peer(1), peer(2))
	require.Equal(t, []allocator.Peer{peer(1), peer(2)}, w.peers(t))
	_, err := w.HolderOf(t.Context(), m.ID)
	requireCode(t, api.NotFound, err)
	require.NoError(t, w.Connect(t.Context(), m.ID, allocator.Tunnel{ID: "t1", Holder: "alc_1"}))
	holder, err := w.HolderOf(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, peer(1), holder)
	require.True(t, w.machines(t, ws.ID)[0].Connected)

	require.NoError(t, w.Connect(t.Context(), m.ID, allocator.Tunnel{ID: "t2", Holder: "alc_2"}), "it has dialled again")
	require.Equal(t, map[string]string{m.ID: "t2"}, w.held(t, peer(2)))
	require.Empty(t, w.held(t, peer(1)))
	requireCode(t, api.Conflict, w.Reconnect(t.Context(), m.ID, allocator.Tunnel{ID: "t1", Holder: "alc_1"}))
	require.NoError(t, w.Disconnect(t.Context(), m.ID, allocator.Tunnel{ID: "t2", Holder: "alc_2"}))
	require.False(t, w.machines(t, ws.ID)[0].Connected)
	require.NoError(t, w.Reconnect(t.Context(), m.ID, allocator.Tunnel{ID: "t1", Holder: "alc_1"}))
	require.Equal(t, map[string]string{m.ID: "t1"}, w.held(t, peer(1)))
	requireCode(t, api.Conflict, w.Connect(t.Context(), "mch_unknown", allocator.Tunnel{ID: "t3", Holder: "alc_1"}))
}

func tunnelGoesAlone(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	m := w.machines(t, ws.ID)[0].ID
	w.beat(t, peer(1), peer(2))
	for _, newer := range []allocator.Tunnel{{ID: "t2", Holder: "alc_1"}, {ID: "t1", Holder: "alc_2"}} {
		require.NoError(t, w.Connect(t.Context(), m, allocator.Tunnel{ID: "t1", Holder: "alc_1"}))
		require.NoError(t, w.Connect(t.Context(), m, newer))
		require.NoError(t, w.Disconnect(t.Context(), m, allocator.Tunnel{ID: "t1", Holder: "alc_1"}), "its end was noticed late")
		holder, err := w.HolderOf(t.Context(), m)
		require.NoError(t, err)
		require.Equal(t, newer.Holder, holder.ID)
		require.True(t, w.machines(t, ws.ID)[0].Connected)
	}
}

func peerLosesItsTunnels(t *testing.T, w *world) {
	ws, _ := w.ready(t, 2)
	one, two := w.machines(t, ws.ID)[0].ID, w.machines(t, ws.ID)[1].ID
	tunnels := func(p allocator.Peer, machines ...string) {
		t.Helper()
		for _, m := range machines {
			require.NoError(t, w.Connect(t.Context(), m, allocator.Tunnel{ID: "t", Holder: p.ID}))
		}
	}
	w.beat(t, peer(1), peer(2))
	tunnels(peer(1), one)
	tunnels(peer(2), two)
	w.beat(t, peer(3))
	require.Len(t, w.held(t, peer(1)), 1, "one that starts leaves the others what they have")

	next := peer(1)
	next.ID = "alc_next"
	w.beat(t, next)
	require.Equal(t, []allocator.Peer{peer(2), peer(3), next}, w.peers(t), "it is where the first was, which is gone")
	_, err := w.HolderOf(t.Context(), one)
	requireCode(t, api.NotFound, err)
	require.Len(t, w.held(t, peer(2)), 1)

	require.NoError(t, w.Beat(t.Context(), next, -time.Second)) // its last beat is too long ago, however short that is
	require.Len(t, w.peers(t), 3, "who was silent itself judges nobody")
	for len(w.peers(t)) > 1 { // by the clock of the database, which goes on
		require.NoError(t, w.Beat(t.Context(), next, 100*time.Millisecond))
	}
	require.Equal(t, []allocator.Peer{next}, w.peers(t))
	require.Empty(t, w.held(t, peer(2)))
	for _, m := range w.machines(t, ws.ID) {
		require.False(t, m.Connected)
	}
	tunnels(next, one)
	require.NoError(t, w.ForgetPeer(t.Context(), next.ID))
	require.Empty(t, w.held(t, next))
	requireCode(t, api.Conflict, w.Connect(t.Context(), two, allocator.Tunnel{ID: "t", Holder: next.ID}))
}

// randomTunnels compares histories of tunnels with what must come of them.
func randomTunnels(t *testing.T, w *world) {
	ws, _ := w.ready(t, 3)
	var machines []string
	for _, m := range w.machines(t, ws.ID) {
		machines = append(machines, m.ID)
	}
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		there, up := map[string]bool{}, map[string]allocator.Tunnel{}
		for _, p := range w.peers(t) {
			require.NoError(t, w.ForgetPeer(ctx, p.ID))
		}
		drawPeer := func(t *rapid.T) allocator.Peer { return peer(rapid.IntRange(1, 3).Draw(t, "allocator")) }
		drawMachine := func(t *rapid.T) string { return rapid.SampledFrom(machines).Draw(t, "machine") }
		drawTunnel := func(t *rapid.T) allocator.Tunnel {
			return allocator.Tunnel{ID: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "tunnel"), Holder: drawPeer(t).ID}
		}
		t.Repeat(map[string]func(*rapid.T){
			"beat": func(t *rapid.T) {
				p := drawPeer(t)
				w.beat(t, p)
				there[p.ID] = true
			},
			"forget": func(t *rapid.T) {
				p := drawPeer(t)
				require.NoError(t, w.ForgetPeer(ctx, p.ID))
				delete(there, p.ID)
				for m, tunnel := range up {
					if tunnel.Holder == p.ID {
						delete(up, m)
					}
				}
			},
			"connect": func(t *rapid.T) {
				m, tunnel := drawMachine(t), drawTunnel(t)
				err := w.Connect(ctx, m, tunnel)
				require.Equal(t, there[tunnel.Holder], err == nil, "%v", err)
				if err == nil {
					up[m] = tunnel
				}
			},
			"reconnect": func(t *rapid.T) {
				m, tunnel := drawMachine(t), drawTunnel(t)
				err := w.Reconnect(ctx, m, tunnel)
				require.Equal(t, there[tunnel.Holder] && up[m].Holder == "", err == nil, "%v", err)
				if err == nil {
					up[m] = tunnel
				}
			},
			"disconnect": func(t *rapid.T) {
				m, tunnel := drawMachine(t), drawTunnel(t)
				require.NoError(t, w.Disconnect(ctx, m, tunnel))
				if up[m] == tunnel {
					delete(up, m)
				}
			},
			"": func(t *rapid.T) {
				for _, m := range w.machines(t, ws.ID) {
					holder, err := w.HolderOf(ctx, m.ID)
					require.Equal(t, up[m.ID].Holder, holder.ID, "%v", err)
					require.Equal(t, up[m.ID].Holder != "", m.Connected)
					if holder.ID != "" {
						require.Equal(t, up[m.ID].ID, w.held(t, holder)[m.ID])
					}
				}
			},
		})
	})
}

func servingIsCounted(t *testing.T, w *world) {
	count := func(life time.Duration) int {
		n, err := w.Store.(interface {
			Serving(ctx context.Context, life time.Duration) (int, error)
		}).Serving(t.Context(), life)
		require.NoError(t, err)
		return n
	}
	require.Zero(t, count(time.Hour))
	require.NoError(t, w.Beat(t.Context(), allocator.Peer{ID: "one", Address: "10.0.0.1:8443"}, time.Hour))
	require.Equal(t, 1, count(time.Hour))
	require.Zero(t, count(-time.Hour), "one that is silent serves no more")
	require.NoError(t, w.ForgetPeer(t.Context(), "one"))
	require.Zero(t, count(time.Hour))
}
