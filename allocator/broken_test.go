package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// ofADay lets a day go by in which boot happens to each machine that boots, and counts
// what was launched.
func ofADay(t *testing.T, w *allocatortest.World, boot func(m allocator.Machine)) int {
	t.Helper()
	ws, _ := w.Open(t, 1)
	for end := w.Time.Add(24 * time.Hour); w.Time.Before(end); w.Time = w.Time.Add(time.Minute) {
		require.NoError(t, w.Observe(t.Context()))
		require.NoError(t, w.Reconcile(t.Context()))
		w.RunAll(t)
		w.EC2.Finish()
		for _, m := range w.Machines(t, ws) {
			if m.State == allocator.Booting {
				boot(m)
			}
		}
	}
	now, err := w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Contains(t, now.Trouble, "did not become ready")
	require.Positive(t, now.LaunchFailures)
	return len(w.EC2.All)
}

// A machine costs something each time, also when no one can ever use it.
func TestMachinesThatNeverBecomeReadyAreLaunchedMoreAndMoreSlowly(t *testing.T) {
	for name, boot := range map[string]func(t *testing.T, w *allocatortest.World, m allocator.Machine){
		"their agents say that they are broken": func(t *testing.T, w *allocatortest.World, m allocator.Machine) {
			given, err := w.Register(t.Context(), allocatortest.Registration(m.InstanceID, "client-gpu", m.InstanceID))
			require.NoError(t, err)
			_, err = w.Report(t.Context(), allocator.Agent{ID: given.AgentID, MachineID: m.ID}, api.Report{Health: api.Unhealthy, Reason: "no driver"})
			require.NoError(t, err)
		},
		"they end while they boot": func(_ *testing.T, w *allocatortest.World, m allocator.Machine) {
			w.EC2.Set(allocator.InstanceGone, m.InstanceID)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			launched := ofADay(t, w, func(m allocator.Machine) { boot(t, w, m) })
			require.Less(t, launched, 110, "every quarter of an hour, after the first few")
		})
	}
}

func TestOneMachineThatFailsIsReplacedAtOnceAndOneThatIsReadyEndsTheTrouble(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 2)
	w.RunAll(t)
	booting := func() (out []allocator.Machine) {
		for _, m := range w.Machines(t, ws) {
			if m.State == allocator.Booting {
				out = append(out, m)
			}
		}
		return out
	}
	w.Time = w.Time.Add(time.Minute) // those that follow are younger
	fail := func(m allocator.Machine) {
		given, err := w.Register(t.Context(), allocatortest.Registration(m.InstanceID, "client-gpu", m.InstanceID))
		require.NoError(t, err)
		_, err = w.Report(t.Context(), allocator.Agent{ID: given.AgentID, MachineID: m.ID}, api.Report{Health: api.Unhealthy, Reason: "no driver"})
		require.NoError(t, err)
	}
	fail(booting()[0])
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Len(t, w.EC2.All, 3)
	now, err := w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, 1, now.LaunchFailures)
	fail(booting()[1])
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Len(t, w.EC2.All, 3, "the second waits")

	w.Boot(t, booting()[0])
	now, err = w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Zero(t, now.LaunchFailures)
	require.Empty(t, now.Trouble)
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Len(t, w.EC2.All, 4)
}
