// Package allocatortest is an allocator for tests: the service on a real store,
// with an EC2, agents and a clock that the test moves.
package allocatortest

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/api"
)

// World is a service on a real store, with an EC2, agents and a clock that the
// test moves.
type World struct {
	*allocator.Service
	EC2    *FakeEC2
	Agents *FakeAgents
	Work   FakeWork
	Queued []string
	Time   time.Time
	Path   string // of the store's file, where that is SQLite

	open    func(t testing.TB) *sqlstore.Store
	kept    *sqlstore.Store
	queuing sync.Mutex // what follows in the background queues operations too
}

// New makes a world with an allocator, no workshop, and one pool.
func New(t testing.TB) *World {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "lablink-test-")
	if err != nil {
		dir = t.TempDir()
	}
	path := filepath.Join(dir, "lablink.db")
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	w := On(t, func(t testing.TB) *sqlstore.Store {
		store, err := sqlite.Open(t.Context(), path, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		return store
	})
	w.Path = path
	return w
}

// On makes a world whose allocator keeps what it knows in the database that open opens.
func On(t testing.TB, open func(t testing.TB) *sqlstore.Store) *World {
	t.Helper()
	w := &World{open: open}
	w.begin(t)
	t.Cleanup(func() { w.Stop(t) })
	return w
}

func (w *World) begin(t testing.TB) {
	t.Helper()
	w.Time, w.EC2, w.Agents, w.Work = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC), &FakeEC2{answers: map[string]answer{}}, &FakeAgents{}, FakeWork{}
	w.EC2.Now = func() time.Time { return w.Time }
	w.Start(t)
}

// Anew leaves all that there is for a world as it was made, in the database that open
// opens by now.
func (w *World) Anew(t testing.TB) {
	t.Helper()
	w.Stop(t)
	w.begin(t)
}

// Stop stops the allocator.
func (w *World) Stop(t testing.TB) {
	t.Helper()
	w.Close()
	require.NoError(t, w.kept.Close())
}

// Start starts an allocator, which knows what is in the database.
func (w *World) Start(t testing.TB) {
	t.Helper()
	store := w.open(t)
	w.Queued, w.kept = nil, store
	w.Service = &allocator.Service{
		Store: store, Compute: w.EC2, Verifier: verifier{}, Queue: w, Tunnels: w.Agents,
		Pools: []allocator.Pool{{Name: "gpu", InstanceTypes: []string{"g5.xlarge"}, MaxMachines: 10, Role: "client-gpu"}},
		Work:  w.Work,
		Log:   slog.New(slog.DiscardHandler), Now: func() time.Time { return w.Time }, ReportInterval: 10 * time.Second,
	}
	store.OnHold(w.SettleFor)
}

// Through lets the allocator reach what it keeps through another store, once nothing that
// goes on in the background uses the one before.
func (w *World) Through(store allocator.Store) {
	w.Settled()
	w.Store = store
}

// Enqueue remembers an operation that is not queued yet; RunAll carries it on.
func (w *World) Enqueue(ctx context.Context, op string) error {
	w.queuing.Lock()
	defer w.queuing.Unlock()
	if ctx.Err() == nil && !slices.Contains(w.Queued, op) {
		w.Queued = append(w.Queued, op)
	}
	return ctx.Err()
}

// Pending are the operations that are queued now.
func (w *World) Pending() []string {
	w.queuing.Lock()
	defer w.queuing.Unlock()
	return slices.Clone(w.Queued)
}

// ReadyWorkshop opens a workshop whose machines are all ready.
func (w *World) ReadyWorkshop(t testing.TB, seats int) allocator.Workshop {
	t.Helper()
	ws, _ := w.Open(t, seats)
	w.RunAll(t)
	for _, m := range w.Machines(t, ws) {
		w.Boot(t, m)
	}
	return ws
}

// RunAll carries all queued operations on until each is done or waits for something
// that the test has to bring about. It returns what they wait for.
func (w *World) RunAll(t testing.TB) []string {
	t.Helper()
	var waits []string
	w.Settled()
	for _, op := range w.Pending() {
		for range 20 {
			err := w.Run(t.Context(), op)
			var later *allocator.Later
			if errors.As(err, &later) {
				w.Time = w.Time.Add(later.After)
				if !slices.Contains(waits, later.Why) {
					waits = append(waits, later.Why)
				}
				continue
			}
			require.NoError(t, err)
			break
		}
	}
	w.Settled()
	w.queuing.Lock()
	defer w.queuing.Unlock()
	w.Queued = nil
	return waits
}

// Open opens a workshop, whose launch is queued.
func (w *World) Open(t testing.TB, seats int) (allocator.Workshop, allocator.Operation) {
	t.Helper()
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: seats})
	require.NoError(t, err)
	return ws, w.Launch(t, ws)
}

// Launch is the newest operation of a workshop, which launches its machines.
func (w *World) Launch(t testing.TB, ws allocator.Workshop) allocator.Operation {
	t.Helper()
	all, err := w.Store.Operations(t.Context(), ws.ID, 1)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, allocator.Launch, all[0].Kind)
	return all[0]
}

// Machines are all that a workshop ever had.
func (w *World) Machines(t testing.TB, ws allocator.Workshop) []allocator.Machine {
	t.Helper()
	all, err := w.Store.Machines(t.Context(), ws.ID, true)
	require.NoError(t, err)
	return all
}

// Booted is an agent as it knows itself.
type Booted struct {
	api.Registered
	Secret string
}

// Boot registers the agent of a machine's instance and lets it report.
func (w *World) Boot(t testing.TB, m allocator.Machine) (Booted, allocator.Agent) {
	t.Helper()
	given, err := w.Register(t.Context(), Registration(m.InstanceID, "client-gpu", "signature of "+m.InstanceID))
	require.NoError(t, err)
	r := Booted{Registered: given, Secret: secretOf(m.InstanceID)}
	a, err := w.Authenticate(t.Context(), r.AgentID, r.Secret)
	require.NoError(t, err)
	_, err = w.Report(t.Context(), a, api.Report{Health: api.Healthy})
	require.NoError(t, err)
	return r, a
}

// Registration is what the agent of an instance asks with. Each needs a signature
// of its own.
func Registration(instance, role, signature string) api.Registration {
	return api.Registration{
		Protocol: api.Protocol, Version: "test", BootID: "b", SecretSHA256: api.SecretSum(secretOf(instance)),
		Proof: api.Proof{Headers: map[string]string{"Authorization": signature, "instance": instance, "role": role}},
	}
}

func secretOf(instance string) string { return "secret of " + instance }
