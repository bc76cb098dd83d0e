package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// stop stops the instance of the machine, as AWS does with those of a host that fails.
func (o *one) stop(t *testing.T) { o.EC2.Set(allocator.InstanceStopped, o.look(t).InstanceID) }

func TestWhoHoldsAMachineThatWasStoppedGetsAnotherOne(t *testing.T) {
	o := oneMachine(t, 0)
	claimed, err := o.Claim(t.Context(), api.Claim{Code: o.ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	o.stop(t)
	m := o.pass(t, time.Second)
	require.Equal(t, allocator.Assigned, m.State, "until another one is ready")
	require.Contains(t, m.HealthReason, "it was stopped")
	o.pass(t, time.Minute)
	timeline, err := o.Store.Timeline(t.Context(), o.id)
	require.NoError(t, err)
	require.Contains(t, timeline[len(timeline)-1].Reason, "it was stopped")
	require.NotContains(t, timeline[len(timeline)-2].Reason, "it was stopped", "it is told once")
	all := o.Machines(t, o.ws)
	require.Len(t, all, 2)
	o.Boot(t, all[1])
	require.Equal(t, allocator.Terminating, o.pass(t, time.Second).State)
	seat, err := o.SeatOf(t.Context(), claimed.Token)
	require.NoError(t, err)
	require.Equal(t, all[1].ID, seat.MachineID)
	require.Equal(t, allocator.LossFailed, seat.LostBy())
	require.Equal(t, []string{m.InstanceID}, o.EC2.Asked)
	require.Empty(t, o.EC2.Rebooted)
}

func TestAMachineThatIsStartedAgainIsWellAgain(t *testing.T) {
	o := oneMachine(t, 0)
	_, err := o.Claim(t.Context(), api.Claim{Code: o.ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	o.stop(t)
	o.pass(t, time.Second)
	o.EC2.Set(allocator.InstanceRunning, o.look(t).InstanceID)
	o.boots++
	o.say(t, api.Healthy, api.NoAction)
	m := o.pass(t, time.Second)
	require.Equal(t, []any{allocator.Assigned, api.Healthy, api.NoAction}, []any{m.State, m.Health, m.Action})
}

func TestAMachineThatWasStoppedIsReplacedAndNotRebooted(t *testing.T) {
	for name, before := range map[string]func(*testing.T, *one){
		"ready": func(*testing.T, *one) {},
		"to be rebooted": func(t *testing.T, o *one) {
			o.say(t, api.Unhealthy, api.Reboot)
			require.Equal(t, allocator.Rebooting, o.pass(t, time.Second).State)
		},
		"silent for long": func(t *testing.T, o *one) {
			o.pass(t, time.Second)
			o.Time = o.Time.Add(time.Hour)
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := oneMachine(t, 0)
			before(t, o)
			o.stop(t)
			asked := len(o.EC2.Rebooted)
			m := o.pass(t, time.Second)
			require.Equal(t, allocator.Terminating, m.State)
			require.Contains(t, m.Reason, "it was stopped")
			require.Len(t, o.EC2.Rebooted, asked)
			require.Equal(t, []string{m.InstanceID}, o.EC2.Asked)
		})
	}
}
