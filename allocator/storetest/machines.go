package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func machineMovesAlongTheTable(t *testing.T, w *world) {
	ws, _ := w.open(t, 1)
	m := w.machines(t, ws.ID)[0]
	requireCode(t, api.Conflict, w.move(t, m.ID, allocator.Ready, "by force", w.tick()))
	requireCode(t, api.NotFound, w.Move(t.Context(), "mch_unknown", allocator.Requested, allocator.Terminated, "x", w.tick()))
	requireCode(t, api.Conflict, w.Move(t.Context(), m.ID, allocator.Booting, allocator.Terminated, "as it was seen", w.tick()))
	requireCode(t, api.Conflict, w.move(t, m.ID, allocator.Terminating, "nobody would end it", w.tick()))
	at := w.tick()
	require.NoError(t, w.move(t, m.ID, allocator.Terminated, "no capacity", at))
	requireCode(t, api.Conflict, w.move(t, m.ID, allocator.Terminated, "again", w.tick()))
	timeline, err := w.Timeline(t.Context(), m.ID)
	require.NoError(t, err)
	require.Len(t, timeline, 2)
	require.Equal(t, allocator.Change{At: at, From: allocator.Requested, To: allocator.Terminated, Reason: "no capacity"}, timeline[1])
}

func launchingIsNotGivenUp(t *testing.T, w *world) {
	ws, op := w.open(t, 1)
	a, _, err := w.BeginAttempt(t.Context(), op.ID, w.tick())
	require.NoError(t, err)
	m := w.machines(t, ws.ID)[0]
	requireCode(t, api.Conflict, w.move(t, m.ID, allocator.Terminated, "too early", w.tick()))
	require.NoError(t, w.EndAttempt(t.Context(), a, nil, w.tick()))
	require.NoError(t, w.move(t, m.ID, allocator.Terminated, "no capacity", w.tick()))
}

func attemptIsStable(t *testing.T, w *world) {
	ws, op := w.open(t, 3)
	first, ok, err := w.BeginAttempt(t.Context(), op.ID, w.tick())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, 3, first.Count)
	for _, m := range w.machines(t, ws.ID) {
		require.Equal(t, allocator.Launching, m.State)
		require.True(t, m.LaunchOpen)
	}
	again, ok, err := w.BeginAttempt(t.Context(), op.ID, w.tick())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, first, again, "a crash between the two must not launch twice")

	require.Empty(t, again.Request, "EC2 was not asked yet")
	first.Request = "three machines, please"
	require.NoError(t, w.KeepRequest(t.Context(), first))
	other := first
	other.Request = "the settings of another release"
	require.NoError(t, w.KeepRequest(t.Context(), other))
	again, _, err = w.BeginAttempt(t.Context(), op.ID, w.tick())
	require.NoError(t, err)
	require.Equal(t, first, again, "what was asked for is asked for again")
	open, err := w.OpenAttempts(t.Context())
	require.NoError(t, err)
	require.Equal(t, []allocator.Attempt{first}, open)

	require.NoError(t, w.EndAttempt(t.Context(), first, w.instances(1), w.tick()))
	second, ok, err := w.BeginAttempt(t.Context(), op.ID, w.tick())
	require.NoError(t, err)
	require.True(t, ok)
	require.Equal(t, 2, second.Count)
	require.NotEqual(t, first.Token(), second.Token())
	require.NoError(t, w.EndAttempt(t.Context(), second, w.instances(2), w.tick()))
	_, ok, err = w.BeginAttempt(t.Context(), op.ID, w.tick())
	require.NoError(t, err)
	require.False(t, ok, "all machines have an instance")
	open, err = w.OpenAttempts(t.Context())
	require.NoError(t, err)
	require.Empty(t, open)
}

func launchedIsBoundOnce(t *testing.T, w *world) {
	ws, op := w.open(t, 2)
	a, _, err := w.BeginAttempt(t.Context(), op.ID, w.tick())
	require.NoError(t, err)
	require.Error(t, w.EndAttempt(t.Context(), a, w.instances(3), w.tick()), "more instances than machines")
	launched, at := w.instances(2), w.tick()
	require.NoError(t, w.EndAttempt(t.Context(), a, launched, at))
	have := map[string]bool{}
	for _, m := range w.machines(t, ws.ID) {
		require.Equal(t, allocator.Booting, m.State)
		require.Equal(t, "g5.xlarge", m.Type)
		require.Equal(t, at, m.LaunchedAt)
		require.False(t, m.LaunchOpen)
		have[m.InstanceID] = true
	}
	require.Equal(t, map[string]bool{launched[0].ID: true, launched[1].ID: true}, have)

	_, other := w.open(t, 1)
	b, _, err := w.BeginAttempt(t.Context(), other.ID, w.tick())
	require.NoError(t, err)
	require.Error(t, w.EndAttempt(t.Context(), b, launched[:1], w.tick()), "an instance is one machine's")
}

func lateInstanceIsBound(t *testing.T, w *world) {
	ws, op := w.open(t, 2)
	a, _, err := w.BeginAttempt(t.Context(), op.ID, w.tick())
	require.NoError(t, err)
	end := allocator.Operation{ID: "op_end", Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, By: "admin", CreatedAt: w.tick()}
	require.NoError(t, w.EndWorkshop(t.Context(), ws.ID, end, "over"))
	waiting, err := w.OperationMachines(t.Context(), end.ID)
	require.NoError(t, err)
	require.Len(t, waiting, 2)
	require.True(t, waiting[0].LaunchOpen, "EC2 may be launching for it right now")

	require.NoError(t, w.EndAttempt(t.Context(), a, w.instances(1), w.tick()))
	waiting, err = w.OperationMachines(t.Context(), end.ID)
	require.NoError(t, err)
	require.Len(t, waiting, 2)
	with := 0
	for _, m := range waiting {
		require.Equal(t, allocator.Terminating, m.State)
		require.False(t, m.LaunchOpen)
		if m.InstanceID != "" {
			with++
		}
	}
	require.Equal(t, 1, with, "the operation that ends machines must see the late instance")
	_, ok, err := w.BeginAttempt(t.Context(), op.ID, w.tick())
	require.NoError(t, err)
	require.False(t, ok, "nothing more is launched for an ended workshop")
}

func launchEnds(t *testing.T, w *world) {
	ws, op := w.open(t, 3)
	w.launch(t, op)
	require.NoError(t, w.Note(t.Context(), op.ID, allocator.Running, "waiting"))
	machines := w.machines(t, ws.ID)
	require.NoError(t, w.SetHealth(t.Context(), machines[0].ID, api.Healthy, "", w.tick()))
	require.NoError(t, w.SetHealth(t.Context(), machines[1].ID, api.Unhealthy, "GPU 0 is lost", w.tick()))
	require.NoError(t, w.Note(t.Context(), op.ID, allocator.Queued, "it waits again"))
	o, err := w.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, []any{allocator.Running, "waiting"}, []any{o.State, o.Message}, "what runs does not wait again")
	require.Equal(t, []int{3, 1, 1}, []int{o.Total, o.Done, o.Failed})
	require.NoError(t, w.move(t, machines[2].ID, allocator.Terminated, "it was ended outside LabLink", w.tick()))
	o, err = w.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Failed, o.State)
	require.Equal(t, []int{3, 1, 2}, []int{o.Total, o.Done, o.Failed})
	require.Equal(t, w.now, o.FinishedAt)
	require.NoError(t, w.Note(t.Context(), op.ID, allocator.Running, "too late"))
	again, err := w.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, o, again, "a finished operation does not change")
}

func proofCountsOnce(t *testing.T, w *world) {
	digest := allocator.SecretSum("a signature")
	until := w.now.Add(30 * time.Minute)
	require.NoError(t, w.UseProof(t.Context(), digest, until))
	requireCode(t, api.Conflict, w.UseProof(t.Context(), digest, until))
	require.NoError(t, w.UseProof(t.Context(), allocator.SecretSum("another"), until.Add(time.Hour)))
	require.NoError(t, w.Forget(t.Context(), allocator.Bygone{Expired: until}, w.now))
	requireCode(t, api.Conflict, w.UseProof(t.Context(), digest, until))
	require.NoError(t, w.Forget(t.Context(), allocator.Bygone{Expired: until.Add(time.Minute)}, w.now))
	require.NoError(t, w.UseProof(t.Context(), digest, until.Add(time.Hour)), "a stale proof is forgotten: it is too old to be accepted anyway")
	requireCode(t, api.Conflict, w.UseProof(t.Context(), allocator.SecretSum("another"), until.Add(time.Hour)))
}

func instanceGetsOneAgent(t *testing.T, w *world) {
	ws, op := w.open(t, 1)
	w.launch(t, op)
	m := w.machines(t, ws.ID)[0]
	_, err := w.RegisterAgent(t.Context(), "i-unknown", allocator.Agent{ID: "agt_x"}, api.Inventory{}, w.tick())
	requireCode(t, api.NotFound, err)
	a := w.register(t, m)
	_, err = w.RegisterAgent(t.Context(), m.InstanceID, allocator.Agent{ID: "agt_x"}, api.Inventory{}, w.tick())
	requireCode(t, api.Conflict, err)
	again, err := w.RegisterAgent(t.Context(), m.InstanceID, allocator.Agent{ID: "agt_x", Secret: a.Secret}, api.Inventory{}, w.tick())
	require.NoError(t, err, "it may not have had the answer")
	require.Equal(t, a.ID, again.AgentID)
	got, err := w.Agent(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, a, got)
	require.Equal(t, "A10G", w.machines(t, ws.ID)[0].Inventory.GPUs[0].Model)
	has := api.Inventory{Driver: "580.1", GPUs: []api.GPU{{UUID: "GPU-b", Model: "L4"}}}
	require.NoError(t, w.KeepInventory(t.Context(), m.ID, has))
	require.Equal(t, has, w.machines(t, ws.ID)[0].Inventory)
	_, err = w.Agent(t.Context(), "agt_x")
	requireCode(t, api.NotFound, err)
	require.NoError(t, w.move(t, m.ID, allocator.Terminated, "gone", w.tick()))
	_, err = w.Agent(t.Context(), a.ID)
	requireCode(t, api.NotFound, err)
	_, err = w.RegisterAgent(t.Context(), m.InstanceID, a, api.Inventory{}, w.tick())
	requireCode(t, api.Conflict, err)
	require.ErrorContains(t, err, "not wanted any more")
}

func healthMoves(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	m := func() allocator.Machine { return w.machines(t, ws.ID)[0] }
	require.Equal(t, allocator.Ready, m().State)
	set := func(h api.Health, reason string) {
		require.NoError(t, w.SetHealth(t.Context(), m().ID, h, reason, w.tick()))
	}
	set(api.Unhealthy, "GPU 0 is lost")
	require.Equal(t, allocator.Unhealthy, m().State)
	require.Equal(t, "GPU 0 is lost", m().Reason)
	since := m().HealthSince
	require.Equal(t, w.now, since)
	set(api.Unhealthy, "GPU 0 is still lost")
	require.Equal(t, since, m().HealthSince)
	set(api.Degraded, "hot")
	require.Equal(t, allocator.Ready, m().State)
	seat, err := w.claim(ws.ID, "ann@example.org")
	require.NoError(t, err)
	set(api.Unhealthy, "GPU 0 is lost")
	require.Equal(t, allocator.Assigned, m().State, "its participant keeps it")
	require.NoError(t, w.ReleaseSeat(t.Context(), seat.ID, "left", w.tick()))
	require.Equal(t, allocator.Unhealthy, m().State, "nobody else gets it")
}

func agentIsReplacedAfterARestore(t *testing.T, w *world) {
	ws, op := w.open(t, 2)
	w.launch(t, op)
	machines := w.machines(t, ws.ID)
	first, second := w.register(t, machines[0]), w.register(t, machines[1])
	never, err := w.RestoredAt(t.Context())
	require.NoError(t, err)
	require.True(t, never.IsZero())
	at := w.tick()
	require.NoError(t, w.Restored(t.Context(), at))
	got, err := w.RestoredAt(t.Context())
	require.NoError(t, err)
	require.True(t, got.Equal(at))
	require.NoError(t, w.KeepAgent(t.Context(), machines[1].ID))
	other := allocator.Agent{ID: "agt_other", Secret: allocator.SecretSum("another")}
	_, err = w.RegisterAgent(t.Context(), machines[1].InstanceID, other, api.Inventory{}, w.tick())
	requireCode(t, api.Conflict, err)
	m, err := w.RegisterAgent(t.Context(), machines[0].InstanceID, other, api.Inventory{}, w.tick())
	require.NoError(t, err)
	require.Equal(t, other.ID, m.AgentID)
	_, err = w.Agent(t.Context(), first.ID)
	requireCode(t, api.NotFound, err)
	_, err = w.Agent(t.Context(), second.ID)
	require.NoError(t, err)
	_, err = w.RegisterAgent(t.Context(), machines[0].InstanceID, first, api.Inventory{}, w.tick())
	requireCode(t, api.Conflict, err)
}
