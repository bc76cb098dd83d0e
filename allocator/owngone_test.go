package allocator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// heldOwn is a workshop of one seat, which ann holds on a machine of her own that is
// switched off.
type heldOwn struct {
	*allocatortest.World
	ws    allocator.Workshop
	own   allocator.Machine
	token string // ann's
}

func switchedOff(t *testing.T, seats int) heldOwn {
	t.Helper()
	o := heldOwn{World: newWorld(t)}
	var err error
	o.ws, err = o.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: seats, Warm: new(0)})
	require.NoError(t, err)
	o.own, _ = own(t, o.World, o.ws)
	c, err := o.Claim(t.Context(), api.Claim{Code: o.ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	require.Equal(t, o.own.ID, c.Seat.MachineID)
	o.token = c.Token
	o.pass(t, 0) // it listens from now on
	return o
}

// pass lets time pass and the allocator look.
func (o heldOwn) pass(t *testing.T, d time.Duration) {
	t.Helper()
	o.Time = o.Time.Add(d)
	require.NoError(t, o.Observe(t.Context()))
	require.NoError(t, o.Reconcile(t.Context()))
	o.RunAll(t)
}

// machine is ann's own machine as it is now.
func (o heldOwn) machine(t *testing.T) allocator.Machine {
	t.Helper()
	m, err := o.Store.Machine(t.Context(), o.own.ID)
	require.NoError(t, err)
	return m
}

func (o heldOwn) seat(t *testing.T) allocator.Seat {
	t.Helper()
	seat, err := o.SeatOf(t.Context(), o.token)
	require.NoError(t, err)
	return seat
}

// launched are the machines that were launched.
func (o heldOwn) launched(t *testing.T) (out []allocator.Machine) {
	t.Helper()
	for _, m := range o.Machines(t, o.ws) {
		if !m.Own() {
			out = append(out, m)
		}
	}
	return out
}

func TestWhoHoldsOnesOwnMachineThatIsSwitchedOffGetsAnother(t *testing.T) {
	o := switchedOff(t, 1)
	o.pass(t, 14*time.Minute)
	require.Equal(t, api.Healthy, o.machine(t).Health)
	o.pass(t, 2*time.Minute)
	require.Equal(t, []any{allocator.Assigned, api.Unhealthy}, []any{o.machine(t).State, o.machine(t).Health}, "none is ready")
	require.Contains(t, o.Look(t.Context(), o.seat(t)).Detail, "its agent was not heard of for 15 minutes. You get another one")
	require.Len(t, o.launched(t), 1)
	o.Boot(t, o.launched(t)[0])
	o.pass(t, 0)
	require.Equal(t, o.launched(t)[0].ID, o.seat(t).MachineID)
	require.Contains(t, o.seat(t).Note, "not heard of")
	o.pass(t, time.Hour)
	require.Equal(t, allocator.Unhealthy, o.machine(t).State)

	_, err := o.Report(t.Context(), ownAgent(t, o.World, o.own), api.Report{Health: api.Healthy})
	require.NoError(t, err)
	require.Equal(t, allocator.Ready, o.machine(t).State)
	_, err = o.EndWorkshop(t.Context(), "admin", o.ws.ID)
	require.NoError(t, err)
	o.RunAll(t)
	require.Contains(t, o.machine(t).Reason, "it was released")
}

func TestWhoHoldsOnesOwnMachineThatIsBackGoesOnThere(t *testing.T) {
	o := switchedOff(t, 1)
	o.pass(t, 16*time.Minute)
	session := o.seat(t).Session()
	_, err := o.Report(t.Context(), ownAgent(t, o.World, o.own), api.Report{Health: api.Healthy})
	require.NoError(t, err)
	o.pass(t, time.Minute)
	require.Equal(t, []any{allocator.Assigned, api.Healthy}, []any{o.machine(t).State, o.machine(t).Health})
	require.Equal(t, session, o.seat(t).Session(), "her work is still there")
	require.NotContains(t, o.Look(t.Context(), o.seat(t)).Detail, "another one")
}

func TestWhoHoldsWhatIsSwitchedOffIsServedBeforeWhoCameLater(t *testing.T) {
	o := switchedOff(t, 2)
	o.Pools[0].MaxMachines = 1
	o.pass(t, 16*time.Minute)
	require.Len(t, o.launched(t), 1)
	bob, err := o.Claim(t.Context(), api.Claim{Code: o.ws.JoinCode, Email: "bob@example.org"}, "")
	require.NoError(t, err)
	require.Equal(t, allocator.SeatQueued, bob.Seat.State)
	o.pass(t, 11*time.Minute)
	require.Equal(t, []any{allocator.SeatQueued, 1}, []any{o.seat(t).State, o.seat(t).Position})
	require.Contains(t, o.seat(t).Note, "not heard of")
	o.Boot(t, o.launched(t)[0])
	require.Equal(t, o.launched(t)[0].ID, o.seat(t).MachineID)
}

func TestSilenceOfOnesOwnMachineIsToldByAClockThatIsTrusted(t *testing.T) {
	o := switchedOff(t, 1)
	o.Clock = func(context.Context) error { return errors.New("it jumped") }
	o.pass(t, time.Hour)
	require.Equal(t, api.Healthy, o.machine(t).Health)
}

// Two of people's own are switched off in the evening, and nothing else is there that
// could be heard of.
func TestEachOfPeoplesOwnMachinesThatIsSwitchedOffIsGivenToNobody(t *testing.T) {
	w := newWorld(t)
	w.Pools = []allocator.Pool{{Name: "gpu", MaxMachines: 10}}
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2, Warm: new(0)})
	require.NoError(t, err)
	_, secret, err := w.AddJoinToken(t.Context(), "admin", api.NewJoinToken{Name: "lab's", Workshop: ws.ID, Uses: 2})
	require.NoError(t, err)
	for _, name := range []string{"one", "two"} {
		given, err := w.Register(t.Context(), api.Registration{Protocol: api.Protocol, Version: "test", SecretSHA256: api.SecretSum(name), JoinToken: secret})
		require.NoError(t, err)
		a, err := w.Authenticate(t.Context(), given.AgentID, name)
		require.NoError(t, err)
		_, err = w.Report(t.Context(), a, api.Report{Health: api.Healthy})
		require.NoError(t, err)
	}
	require.NoError(t, w.Observe(t.Context()))
	w.Time = w.Time.Add(16 * time.Minute)
	require.NoError(t, w.Observe(t.Context()))
	for _, m := range w.Machines(t, ws) {
		require.Equal(t, allocator.Unhealthy, m.State)
	}
}

// away is a store that is away while its error is set.
type away struct {
	allocator.Store
	err error
}

func (a *away) Agent(ctx context.Context, id string) (allocator.Agent, error) {
	if a.err != nil {
		return allocator.Agent{}, a.err
	}
	return a.Store.Agent(ctx, id)
}

func (a *away) Machine(ctx context.Context, id string) (allocator.Machine, error) {
	if a.err != nil {
		return allocator.Machine{}, a.err
	}
	return a.Store.Machine(ctx, id)
}

func (a *away) OpenAttempts(ctx context.Context) ([]allocator.Attempt, error) {
	if a.err != nil {
		return nil, a.err
	}
	return a.Store.OpenAttempts(ctx)
}

func TestADatabaseThatWasAwayMakesNoMachineSwitchedOff(t *testing.T) {
	gone := errors.New("connection refused")
	for name, meet := range map[string]func(o heldOwn, agent allocator.Agent) error{
		"in a report": func(o heldOwn, a allocator.Agent) error {
			_, err := o.Report(t.Context(), a, api.Report{Health: api.Healthy})
			return err
		},
		"before one": func(o heldOwn, a allocator.Agent) error {
			_, err := o.Authenticate(t.Context(), a.ID, "of ann's")
			return err
		},
		"in a look": func(o heldOwn, _ allocator.Agent) error { return o.Observe(t.Context()) },
	} {
		t.Run(name, func(t *testing.T) {
			o := switchedOff(t, 1)
			agent, store := ownAgent(t, o.World, o.own), &away{Store: o.Store}
			o.Through(store)
			store.err = gone
			o.Time = o.Time.Add(16 * time.Minute)
			require.ErrorIs(t, meet(o, agent), gone)
			store.err = nil
			o.pass(t, time.Minute)
			require.Equal(t, api.Healthy, o.machine(t).Health)
			require.Empty(t, o.launched(t))
			o.pass(t, 15*time.Minute)
			require.Equal(t, api.Unhealthy, o.machine(t).Health, "it is silent in truth")
		})
	}
}

// Its database is away, and so nobody leads: it does not look, and reports go to others.
func TestAnAllocatorThatLedBeforeListensAnew(t *testing.T) {
	o := switchedOff(t, 1)
	o.Leader = leads(false)
	ctx, stop := context.WithCancel(t.Context())
	ticks, ended := make(chan time.Time), make(chan struct{})
	go func() { defer close(ended); o.Watch(ctx, ticks) }()
	o.Time = o.Time.Add(16 * time.Minute)
	ticks <- o.Time
	stop()
	<-ended
	o.pass(t, time.Minute)
	require.Equal(t, api.Healthy, o.machine(t).Health)
}
