package allocator_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// course is what machines of a test are set up with.
func course() api.Setup {
	return allocator.Summed(api.Setup{Repository: "https://example.org/course", Software: []string{"blender"}, Startup: api.Startup{Script: "make ready", OnError: api.Fail}})
}

// coming is a machine of a workshop whose pool sets up its machines, as its agent says
// that it is to be set up.
func coming(t *testing.T) (*allocatortest.World, allocator.Workshop, allocator.Agent, func(api.Report) api.ReportAnswer) {
	t.Helper()
	w := newWorld(t)
	w.Pools[0].Setup = course()
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	given, err := w.Register(t.Context(), allocatortest.Registration(m.InstanceID, "client-gpu", "signature of "+m.InstanceID))
	require.NoError(t, err)
	agent := allocator.Agent{ID: given.AgentID, MachineID: given.MachineID}
	return w, ws, agent, func(r api.Report) api.ReportAnswer {
		t.Helper()
		if r.Health == "" {
			r.Health = api.Healthy
		}
		r.Protocol, r.BootID = api.Protocol, "b"
		answer, err := w.Report(t.Context(), agent, r)
		require.NoError(t, err)
		return answer
	}
}

// toldOf is what a machine's timeline tells with some words in it.
func toldOf(t *testing.T, w *allocatortest.World, m allocator.Machine, words string) []string {
	t.Helper()
	timeline, err := w.Store.Timeline(t.Context(), m.ID)
	require.NoError(t, err)
	var out []string
	for _, c := range timeline {
		if strings.Contains(c.Reason, words) {
			out = append(out, c.Reason)
		}
	}
	return out
}

func saying(state string) api.Report {
	return api.Report{Setup: &api.SetupStatus{Sum: course().Sum, State: state, Step: "startup", Attempt: 1, Of: 3}}
}

func TestNobodyGetsAMachineBeforeItIsSetUp(t *testing.T) {
	w, ws, agent, report := coming(t)
	answer := report(api.Report{Setup: &api.SetupStatus{State: api.SetupNone}})
	require.Equal(t, course().Sum, answer.Setup)
	said, err := w.Setup(t.Context(), agent)
	require.NoError(t, err)
	want := course()
	want.Run = true
	require.Equal(t, want, said)
	require.Equal(t, allocator.Booting, w.Machines(t, ws)[0].State)

	running := saying(api.SetupRunning)
	report(running)
	m := w.Machines(t, ws)[0]
	require.Equal(t, []any{allocator.Booting, "it is being set up: the start-up script runs"}, []any{m.State, m.Reason})
	running.Setup.Attempt, running.Setup.Note, running.Setup.Line = 2, "try 1 did not succeed", "\x1b[31mno such package\r\n"
	report(running)
	m = w.Machines(t, ws)[0]
	require.Equal(t, "it is being set up: the start-up script runs (try 2 of 3)", m.Reason)
	require.Equal(t, " [31mno such package  ", m.Setup.Line, "what terminals take for more is left out")
	claim, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	require.Equal(t, allocator.SeatQueued, claim.Seat.State)

	report(saying(api.SetupDone))
	m = w.Machines(t, ws)[0]
	require.Equal(t, allocator.Assigned, m.State, "who waits has it")
	said, err = w.Setup(t.Context(), agent)
	require.NoError(t, err)
	require.False(t, said.Run, "whoever has it keeps it as it is")
	require.Equal(t, []string{"it is being set up", "it is set up"}, toldOf(t, w, m, "set up"))
}

func TestAMachineWhoseSetUpFailsIsNeverReadyAndAnotherOneComes(t *testing.T) {
	w, ws, _, report := coming(t)
	report(saying(api.SetupRunning))
	failed := saying(api.SetupFailed)
	failed.Setup.Note, failed.Health, failed.Reason = "it ended with status 7", api.Unhealthy, "The set-up failed: it ended with status 7"
	report(failed)
	m := w.Machines(t, ws)[0]
	require.Equal(t, []any{allocator.Unhealthy, "The set-up failed: it ended with status 7"}, []any{m.State, m.Reason})
	require.True(t, m.ReadyAt.IsZero())
	require.Equal(t, []string{"its set-up failed: it ended with status 7"}, toldOf(t, w, m, "failed:")[:1])
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Len(t, w.Machines(t, ws), 2, "the first that fails is replaced at once")

	w, ws, _, report = coming(t)
	report(failed)
	report(saying(api.SetupRunning)) // the settings were mended
	require.Equal(t, allocator.Booting, w.Machines(t, ws)[0].State, "not ready before it has succeeded")
}

func TestAMachineThatMayDoWithoutItsSetUpIsReadyWithANote(t *testing.T) {
	w, ws, _, report := coming(t)
	r := saying(api.SetupContinued)
	r.Setup.Note = "it ended with status 7"
	report(r)
	m := w.Machines(t, ws)[0]
	require.Equal(t, allocator.Ready, m.State)
	require.Equal(t, []string{"its set-up did not succeed, and it is used all the same: it ended with status 7"}, toldOf(t, w, m, "set-up"))
}

func TestAnAgentThatKnowsNoSetUpIsNotWaitedFor(t *testing.T) {
	w, ws, _, report := coming(t)
	report(api.Report{})
	require.Equal(t, allocator.Ready, w.Machines(t, ws)[0].State)
}

func TestASetUpThatTakesForEverEnds(t *testing.T) {
	w, ws, _, report := coming(t)
	for range 74 {
		report(saying(api.SetupRunning))
		w.Time = w.Time.Add(time.Minute)
		require.NoError(t, w.Observe(t.Context()))
	}
	require.Equal(t, allocator.Booting, w.Machines(t, ws)[0].State)
	w.Time = w.Time.Add(2 * time.Minute)
	require.NoError(t, w.Observe(t.Context()))
	m := w.Machines(t, ws)[0]
	require.Equal(t, []any{allocator.Unhealthy, "it was not set up within 75 minutes; read its log"}, []any{m.State, m.Reason})
}

func TestAMachineThatFallsSilentWhileItIsSetUpIsFound(t *testing.T) {
	w, ws, _, report := coming(t)
	require.NoError(t, w.Observe(t.Context())) // from now on this allocator listens
	report(saying(api.SetupRunning))
	w.Time = w.Time.Add(16 * time.Minute)
	require.NoError(t, w.Observe(t.Context()))
	require.Equal(t, allocator.Unhealthy, w.Machines(t, ws)[0].State)
}

func TestAMachineThatRebootsBeforeItIsSetUpIsSetUpThen(t *testing.T) {
	w, ws, agent, report := coming(t)
	report(saying(api.SetupRunning))
	sick := saying(api.SetupRunning)
	sick.Health, sick.Reason, sick.Action = api.Unhealthy, "GPU 0 is to be reset", api.Reset
	report(sick)
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Equal(t, allocator.Rebooting, w.Machines(t, ws)[0].State)
	for range 20 {
		r := saying(api.SetupRunning)
		r.Health, r.Protocol, r.BootID = api.Healthy, api.Protocol, "another"
		_, err := w.Report(t.Context(), agent, r)
		require.NoError(t, err)
		w.Time = w.Time.Add(time.Minute)
		require.NoError(t, w.Observe(t.Context()))
		require.NoError(t, w.Reconcile(t.Context()))
		w.RunAll(t)
	}
	all := w.Machines(t, ws)
	require.Len(t, all, 1, "none takes its place")
	require.Equal(t, []any{allocator.Booting, api.Healthy}, []any{all[0].State, all[0].Health})
	require.Len(t, toldOf(t, w, all[0], "it has booted again, and is to be set up"), 1)
}

func TestAMachineThatIsWellAgainBeforeItIsSetUpIsSetUpThen(t *testing.T) {
	w, ws, _, report := coming(t)
	sick := saying(api.SetupRunning)
	sick.Health, sick.Reason = api.Unhealthy, "the disk is full"
	report(sick)
	require.Equal(t, allocator.Unhealthy, w.Machines(t, ws)[0].State)
	report(saying(api.SetupRunning))
	m := w.Machines(t, ws)[0]
	require.Equal(t, []any{allocator.Booting, api.Healthy}, []any{m.State, m.Health})
	require.Len(t, toldOf(t, w, m, "it is well again, and is to be set up"), 1)
}

func TestAMachineThatWasNotSetUpInTimeDoesNotBootAgain(t *testing.T) {
	w, ws, _, report := coming(t)
	for range 77 {
		report(saying(api.SetupRunning))
		w.Time = w.Time.Add(time.Minute)
		require.NoError(t, w.Observe(t.Context()))
	}
	report(saying(api.SetupRunning))
	require.Equal(t, allocator.Unhealthy, w.Machines(t, ws)[0].State)
}

// Whoever has root on a machine may say what they like.
func TestASetUpThatHasEndedHasEnded(t *testing.T) {
	w, ws, _, report := coming(t)
	for range 20 {
		report(saying(api.SetupDone))
		report(saying(api.SetupRunning))
	}
	m := w.Machines(t, ws)[0]
	require.Equal(t, api.SetupDone, m.Setup.State)
	require.Len(t, toldOf(t, w, m, "set up"), 1)
	other := saying(api.SetupRunning)
	for i := range 20 {
		other.Setup.Sum = strings.Repeat("x", i)
		report(other)
	}
	require.Len(t, toldOf(t, w, m, "set up"), 1)
}

func TestAMachineOfOnesOwnIsSetUpAsItsWorkshopWants(t *testing.T) {
	w := newWorld(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Warm: new(0)})
	require.NoError(t, err)
	m, _ := own(t, w, ws)
	agent := allocator.Agent{ID: m.AgentID, MachineID: m.ID}
	_, err = w.Setup(t.Context(), agent)
	require.Equal(t, api.NotFound, api.CodeOf(err))
	w.Pools[0].Setup = course()
	said, err := w.Setup(t.Context(), agent)
	require.NoError(t, err)
	require.Equal(t, course(), said, "it has served already")
}

// As of a machine of one's own that was set up for another workshop, or of settings that
// are others by now.
func TestAMachineThatWasSetUpWithSomethingElseIsSetUpAnew(t *testing.T) {
	w, ws, agent, report := coming(t)
	for _, state := range []string{api.SetupDone, api.SetupContinued} {
		answer := report(api.Report{Setup: &api.SetupStatus{Sum: "of another workshop", State: state}})
		require.Equal(t, allocator.Booting, w.Machines(t, ws)[0].State)
		require.Equal(t, course().Sum, answer.Setup)
	}
	said, err := w.Setup(t.Context(), agent)
	require.NoError(t, err)
	require.True(t, said.Run)
	report(saying(api.SetupDone))
	require.Equal(t, allocator.Ready, w.Machines(t, ws)[0].State)
}

func TestTheSumTellsWhetherASetUpIsTheSame(t *testing.T) {
	require.Empty(t, allocator.Summed(api.Setup{Startup: api.Startup{OnError: api.Fail}}).Sum, "nothing")
	require.Equal(t, course(), allocator.Summed(course()))
	other := course()
	other.Startup.Script += " "
	require.NotEqual(t, course().Sum, allocator.Summed(other).Sum)
	other = api.Setup{Container: "ghcr.io/lab/desktop:1"}
	require.NotEmpty(t, allocator.Summed(other).Sum, "an image alone is fetched, too")
	require.Equal(t, "it is being set up: the desktop's image is fetched (try 2 of 3)", allocator.SettingUp(api.SetupStatus{State: api.SetupRunning, Step: "image", Attempt: 2, Of: 3}))
}

func TestASetUpThatIsNotWantedAnyMoreIsToldNoMore(t *testing.T) {
	for state, left := range map[string]string{api.SetupRunning: api.SetupNone, api.SetupDone: api.SetupDone} {
		w, ws, _, report := coming(t)
		report(saying(state))
		none := saying(api.SetupNone)
		none.Setup.Sum = ""
		report(none)
		require.Equal(t, left, w.Machines(t, ws)[0].Setup.State, state)
	}
}
