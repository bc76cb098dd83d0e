package allocator_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// one is a machine with its agent.
type one struct {
	*allocatortest.World
	ws    allocator.Workshop
	id    string
	agent allocator.Agent
	all   map[string]allocator.Agent // by machine
	boots int
}

// oneMachine is a workshop with one machine that is ready, and maybe spares.
func oneMachine(t *testing.T, spares int) *one {
	t.Helper()
	w := newWorld(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Spares: spares})
	require.NoError(t, err)
	w.RunAll(t)
	o := &one{World: w, ws: ws, all: map[string]allocator.Agent{}}
	for _, m := range w.Machines(t, ws) {
		_, o.all[m.ID] = w.Boot(t, m)
		o.choose(m.ID)
	}
	o.say(t, api.Healthy, api.NoAction)
	return o
}

func (o *one) choose(id string) { o.id, o.agent = id, o.all[id] }

// say reports from the boot that the machine is at.
func (o *one) say(t *testing.T, h api.Health, a api.Action) {
	t.Helper()
	r := api.Report{Health: h, Action: a, BootID: fmt.Sprint("boot-", o.boots)}
	if h != api.Healthy {
		r.Reason = "GPU 0 is lost"
	}
	_, err := o.Report(t.Context(), o.agent, r)
	require.NoError(t, err)
}

func (o *one) look(t *testing.T) allocator.Machine {
	t.Helper()
	m, err := o.Store.Machine(t.Context(), o.id)
	require.NoError(t, err)
	return m
}

// pass lets time go by, and the allocator look.
func (o *one) pass(t *testing.T, d time.Duration) allocator.Machine {
	t.Helper()
	o.Time = o.Time.Add(d)
	require.NoError(t, o.Observe(t.Context()))
	require.NoError(t, o.Reconcile(t.Context()))
	for _, op := range o.Pending() {
		_ = o.Run(t.Context(), op) // says when again
	}
	return o.look(t)
}

func TestAMachineIsRebootedThreeTimesBeforeItIsReplaced(t *testing.T) {
	o := oneMachine(t, 0)
	o.Agents.Connect(o.look(t))
	for n := 1; n <= 3; n++ {
		o.say(t, api.Unhealthy, api.Reboot)
		m := o.pass(t, time.Minute)
		require.Equal(t, allocator.Rebooting, m.State)
		require.Contains(t, m.Reason, fmt.Sprintf("a reboot may help (%d of 3): GPU 0 is lost", n))
		require.Len(t, o.Machines(t, o.ws), 1, "no other one is launched meanwhile")
		o.pass(t, time.Minute)
		o.boots++
		o.say(t, api.Healthy, api.NoAction)
		require.Equal(t, allocator.Ready, o.look(t).State)
	}
	require.Equal(t, []string{o.id + " from boot-0"}, o.Agents.Rebooted)
	require.Len(t, o.EC2.Rebooted, 2, "what did not help once is not tried the same way again")
	o.say(t, api.Unhealthy, api.Reboot)
	require.Equal(t, allocator.Terminating, o.pass(t, time.Minute).State)
	o.pass(t, time.Minute)
	require.Len(t, o.Machines(t, o.ws), 2)
}

func TestRebootsAreForgottenOnceTheMachineIsWell(t *testing.T) {
	o := oneMachine(t, 0)
	for range 5 {
		o.say(t, api.Unhealthy, api.Reboot)
		require.Equal(t, allocator.Rebooting, o.pass(t, time.Minute).State)
		o.boots++
		for range 40 {
			o.Time = o.Time.Add(time.Minute)
			o.say(t, api.Healthy, api.NoAction)
		}
	}
	require.Zero(t, o.look(t).Reboots)
	require.Len(t, o.EC2.Rebooted, 5, "its agent could not be asked")
}

func TestAMachineThatDoesNotComeBackIsAskedForAtEC2(t *testing.T) {
	o := oneMachine(t, 0)
	o.Agents.Connect(o.look(t))
	o.say(t, api.Unhealthy, api.Reboot)
	o.pass(t, time.Minute)
	require.Len(t, o.Agents.Rebooted, 1)
	m := o.pass(t, 11*time.Minute)
	require.Equal(t, allocator.Unhealthy, m.State)
	require.Contains(t, m.Reason, "did not come back within 10 minutes")
	require.Empty(t, o.EC2.Rebooted)
	require.Equal(t, allocator.Rebooting, o.pass(t, time.Minute).State)
	require.Len(t, o.EC2.Rebooted, 1)
}

func TestWhoHoldsAMachineIsMovedBeforeItReboots(t *testing.T) {
	for spares, want := range []allocator.MachineState{allocator.Assigned, allocator.Rebooting} {
		o := oneMachine(t, spares)
		claimed, err := o.Claim(t.Context(), api.Claim{Code: o.ws.JoinCode, Email: "ann@example.org"}, "")
		require.NoError(t, err)
		o.choose(claimed.Seat.MachineID)
		o.say(t, api.Unhealthy, api.Reboot)
		require.Equal(t, want, o.pass(t, time.Minute).State)
		seat, err := o.SeatOf(t.Context(), claimed.Token)
		require.NoError(t, err)
		require.Equal(t, want == allocator.Assigned, seat.MachineID == o.id, "she keeps it until another one is ready")
		if want == allocator.Rebooting {
			require.Contains(t, seat.Note, "GPU 0 is lost")
		}
	}
}

func TestAMachineThatIsSilentThoughItRunsIsRebooted(t *testing.T) {
	o := oneMachine(t, 0)
	o.pass(t, time.Second) // it listens from now on
	require.Equal(t, allocator.Ready, o.pass(t, 14*time.Minute).State)
	m := o.pass(t, 3*time.Minute)
	require.Equal(t, allocator.Rebooting, m.State)
	require.Contains(t, m.Reason, "though AWS says that it runs")
	require.NotEmpty(t, o.EC2.Rebooted)
}

func TestAMachineThatIsBackIsReadyWithoutAReboot(t *testing.T) {
	o := oneMachine(t, 0)
	o.pass(t, time.Second)
	o.Time = o.Time.Add(16 * time.Minute)
	require.NoError(t, o.Observe(t.Context()))
	require.Equal(t, allocator.Unhealthy, o.look(t).State)
	o.say(t, api.Healthy, api.NoAction)
	require.Equal(t, allocator.Ready, o.look(t).State)
}

func TestSilenceThatIsNotTheMachinesOwnRebootsNothing(t *testing.T) {
	t.Run("somebody works on it", func(t *testing.T) {
		o := oneMachine(t, 0)
		_, err := o.Claim(t.Context(), api.Claim{Code: o.ws.JoinCode, Email: "ann@example.org"}, "")
		require.NoError(t, err)
		o.pass(t, time.Second)
		require.Equal(t, allocator.Assigned, o.pass(t, time.Hour).State)
	})
	t.Run("the allocator was away", func(t *testing.T) {
		o := oneMachine(t, 0)
		o.Time = o.Time.Add(time.Hour)
		require.Equal(t, allocator.Ready, o.pass(t, 0).State)
		require.Equal(t, allocator.Ready, o.pass(t, 10*time.Minute).State)
	})
	t.Run("all are silent at once", func(t *testing.T) {
		o := oneMachine(t, 1)
		for _, m := range o.Machines(t, o.ws) {
			require.NoError(t, o.Store.KeepHeard(t.Context(), m.ID, "b", time.Time{}, o.Time))
		}
		o.pass(t, time.Second)
		require.Equal(t, allocator.Ready, o.pass(t, time.Hour).State)
	})
	require.Equal(t, api.NotFound, api.CodeOf(func() error {
		_, err := newWorld(t).RebootMachine(t.Context(), "admin", "mch_unknown")
		return err
	}()))
}

func TestAMachineThatNobodyCanRebootIsReplaced(t *testing.T) {
	o := oneMachine(t, 0)
	o.EC2.RebootError = errors.New("the role may not")
	o.say(t, api.Unhealthy, api.Reboot)
	require.Equal(t, allocator.Rebooting, o.pass(t, time.Minute).State)
	require.Equal(t, allocator.Rebooting, o.pass(t, 9*time.Minute).State, "it is tried again")
	m := o.pass(t, 2*time.Minute)
	require.Equal(t, allocator.Unhealthy, m.State)
	require.Contains(t, m.Reason, "the role may not")
}

func TestAClockThatCannotBeTrustedGivesNoRebootUp(t *testing.T) {
	o := oneMachine(t, 0)
	o.say(t, api.Unhealthy, api.Reboot)
	o.pass(t, time.Minute)
	o.Clock = func(context.Context) error { return errors.New("the clock jumped") }
	require.Equal(t, allocator.Rebooting, o.pass(t, time.Hour).State)
}

// Its agent would say that it is at another boot than none, and no boot be begun.
func TestAMachineThatIsNotHeardOfYetIsRebootedAtEC2(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	require.Equal(t, allocator.Booting, m.State)
	w.Agents.Connect(m)
	op, err := w.RebootMachine(t.Context(), "admin", m.ID)
	require.NoError(t, err)
	_ = w.Run(t.Context(), op.ID) // says when again
	require.Empty(t, w.Agents.Rebooted)
	require.Equal(t, []string{m.InstanceID}, w.EC2.Rebooted)
	given, err := w.Register(t.Context(), allocatortest.Registration(m.InstanceID, "client-gpu", "a signature"))
	require.NoError(t, err)
	_, err = w.Report(t.Context(), allocator.Agent{ID: given.AgentID, MachineID: m.ID}, api.Report{Health: api.Healthy, BootID: "b"})
	require.NoError(t, err)
	require.Equal(t, allocator.Ready, w.Machines(t, ws)[0].State)
}

func TestWhatAnAgentSaysFirstIsTheBootThatItsMachineRebootsFrom(t *testing.T) {
	o := oneMachine(t, 0)
	require.NoError(t, o.Store.KeepHeard(t.Context(), o.id, "", time.Time{}, o.Time)) // as one that was never heard of
	o.EC2.RebootError = errors.New("the role may not")
	op, err := o.RebootMachine(t.Context(), "admin", o.id)
	require.NoError(t, err)
	require.Empty(t, o.look(t).RebootFrom)
	require.Error(t, o.Run(t.Context(), op.ID))
	o.say(t, api.Healthy, api.NoAction)
	require.Equal(t, []any{allocator.Rebooting, "boot-0"}, []any{o.look(t).State, o.look(t).RebootFrom})
	o.boots++
	o.say(t, api.Healthy, api.NoAction)
	require.Equal(t, allocator.Ready, o.look(t).State)
}
