package allocator_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAnAgentRegistersOnceForTheInstanceItProves(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	for want, r := range map[string]api.Registration{
		"not one that this deployment's machines have": allocatortest.Registration(m.InstanceID, "somebody-else", "a"),
		"did not launch": allocatortest.Registration("i-0123456789abcdef0", "client-gpu", "b"),
	} {
		_, err := w.Register(t.Context(), r)
		require.ErrorContains(t, err, want)
	}
	old := allocatortest.Registration(m.InstanceID, "client-gpu", "c")
	old.Protocol = api.Protocol + 2
	_, err := w.Register(t.Context(), old)
	require.ErrorContains(t, err, "do not understand each other")

	got, err := w.Register(t.Context(), allocatortest.Registration(m.InstanceID, "client-gpu", "d"))
	require.NoError(t, err)
	require.Equal(t, m.ID, got.MachineID)
	require.Equal(t, 10, got.ReportInterval)
	_, err = w.Register(t.Context(), allocatortest.Registration(m.InstanceID, "client-gpu", "d"))
	require.Equal(t, api.Conflict, api.CodeOf(err))
	require.ErrorContains(t, err, "used before")
}

func TestAnAgentThatLostTheAnswerIsAnsweredTheSame(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	first, err := w.Register(t.Context(), allocatortest.Registration(m.InstanceID, "client-gpu", "a"))
	require.NoError(t, err)
	again, err := w.Register(t.Context(), allocatortest.Registration(m.InstanceID, "client-gpu", "b"))
	require.NoError(t, err)
	require.Equal(t, first, again)
	events, err := w.Store.Events(t.Context(), allocator.EventQuery{Limit: 10})
	require.NoError(t, err)
	registered := 0
	for _, e := range events {
		if e.Action == "register agent" {
			registered++
		}
	}
	require.Equal(t, 1, registered, "events of a registration")

	_, a := w.Boot(t, m)
	require.Equal(t, first.AgentID, a.ID)
}

func TestASecondAgentIsRefusedAndTheTimelineSaysWhy(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	first, _ := w.Boot(t, m)
	for _, signature := range []string{"a", "b"} {
		r := allocatortest.Registration(m.InstanceID, "client-gpu", signature)
		r.SecretSHA256 = api.SecretSum("another")
		_, err := w.Register(t.Context(), r)
		require.Equal(t, api.Conflict, api.CodeOf(err))
		require.ErrorContains(t, err, "has an agent already")
	}
	timeline, err := w.Store.Timeline(t.Context(), m.ID)
	require.NoError(t, err)
	told := 0
	for _, c := range timeline {
		if strings.Contains(c.Reason, "another secret") {
			told++
		}
	}
	require.Equal(t, 1, told, "it is told once: %v", timeline)
	_, err = w.Authenticate(t.Context(), first.AgentID, "another")
	require.Equal(t, api.Unauthorized, api.CodeOf(err))
}

func TestARegistrationWithoutASumIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, sum := range []string{"", "00", "not hexadecimal", strings.Repeat("0", 66), strings.Repeat("0", 62)} {
		r := allocatortest.Registration("i-0123456789abcdef0", "client-gpu", "a")
		r.SecretSHA256 = sum
		_, err := w.Register(t.Context(), r)
		require.Equal(t, api.Invalid, api.CodeOf(err), sum)
	}
}

func TestASecretIsGoodForItsOwnAgentOnly(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 2)
	w.RunAll(t)
	machines := w.Machines(t, ws)
	first, _ := w.Boot(t, machines[0])
	second, _ := w.Boot(t, machines[1])
	for _, pair := range [][2]string{{first.AgentID, second.Secret}, {first.AgentID, ""}, {"agt_unknown", first.Secret}} {
		_, err := w.Authenticate(t.Context(), pair[0], pair[1])
		require.Equal(t, api.Unauthorized, api.CodeOf(err))
	}
	a, err := w.Authenticate(t.Context(), first.AgentID, first.Secret)
	require.NoError(t, err)
	require.Equal(t, machines[0].ID, a.MachineID)
}

func TestHealthIsKeptWhenItChanges(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	_, a := w.Boot(t, m)
	require.Equal(t, allocator.Ready, w.Machines(t, ws)[0].State)
	_, err := w.Report(t.Context(), a, api.Report{Health: api.Unhealthy, Reason: "GPU 0 is lost"})
	require.NoError(t, err)
	require.Equal(t, allocator.Unhealthy, w.Machines(t, ws)[0].State)
	timeline, err := w.Store.Timeline(t.Context(), m.ID)
	require.NoError(t, err)
	_, err = w.Report(t.Context(), a, api.Report{Health: api.Unhealthy, Reason: "GPU 0 is lost"})
	require.NoError(t, err)
	again, err := w.Store.Timeline(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, timeline, again, "the same again is no news")
}

func TestWhatAMachineHasIsKeptWhenItsAgentTellsAnother(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	_, a := w.Boot(t, w.Machines(t, ws)[0])
	had := w.Machines(t, ws)[0].Inventory
	_, err := w.Report(t.Context(), a, api.Report{Health: api.Healthy})
	require.NoError(t, err)
	require.Equal(t, had, w.Machines(t, ws)[0].Inventory)
	has := api.Inventory{Driver: "580.1", GPUs: []api.GPU{{UUID: "GPU-b", Model: "L4"}}}
	_, err = w.Report(t.Context(), a, api.Report{Health: api.Healthy, Inventory: &has})
	require.NoError(t, err)
	require.Equal(t, has, w.Machines(t, ws)[0].Inventory)
}
