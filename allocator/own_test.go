package allocator_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// own is somebody's own machine that joined a workshop and is well.
func own(t *testing.T, w *allocatortest.World, ws allocator.Workshop) (allocator.Machine, api.Registration) {
	t.Helper()
	_, secret, err := w.AddJoinToken(t.Context(), "admin", api.NewJoinToken{Name: "ann's", Workshop: ws.ID})
	require.NoError(t, err)
	r := api.Registration{Protocol: api.Protocol, Version: "test", SecretSHA256: api.SecretSum("of ann's"), JoinToken: secret}
	given, err := w.Register(t.Context(), r)
	require.NoError(t, err)
	require.Empty(t, given.Released)
	a, err := w.Authenticate(t.Context(), given.AgentID, "of ann's")
	require.NoError(t, err)
	_, err = w.Report(t.Context(), a, api.Report{Health: api.Healthy, BootID: "a"})
	require.NoError(t, err)
	m, err := w.Store.Machine(t.Context(), given.MachineID)
	require.NoError(t, err)
	require.Equal(t, allocator.Ready, m.State)
	return m, r
}

func TestOnesOwnMachineIsGivenAwayAndReturnsAtTheEnd(t *testing.T) {
	w := newWorld(t)
	w.Pools = []allocator.Pool{{Name: "gpu", MaxMachines: 10}}
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Warm: new(0)})
	require.NoError(t, err)
	m, again := own(t, w, ws)
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	require.Equal(t, m.ID, c.Seat.MachineID)
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Zero(t, w.EC2.Calls, "none is launched beside it")
	require.NoError(t, w.Leave(t.Context(), c.Token))
	require.NoError(t, w.Observe(t.Context()))
	require.NoError(t, w.Reconcile(t.Context()))
	m, err = w.Store.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Ready, m.State, "it is not the plan's to end, though nobody needs it")

	_, err = w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	w.RunAll(t)
	require.Empty(t, w.EC2.Asked, "EC2 is not asked to end it")
	timeline, err := w.Store.Timeline(t.Context(), m.ID)
	require.NoError(t, err)
	require.Contains(t, timeline[len(timeline)-1].Reason, "it was released")
	given, err := w.Register(t.Context(), again)
	require.NoError(t, err)
	require.Contains(t, given.Released, "it was released", "the agent is told")
	_, err = w.Authenticate(t.Context(), given.AgentID, "of ann's")
	require.Equal(t, api.Unauthorized, api.CodeOf(err))
}

func TestASickMachineOfOnesOwnIsLeftAndItsParticipantMoves(t *testing.T) {
	w := newWorld(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Warm: new(0)})
	require.NoError(t, err)
	m, _ := own(t, w, ws)
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	require.NoError(t, w.Store.SetHealth(t.Context(), m.ID, api.Unhealthy, "GPU 0 is lost", w.Time))
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Equal(t, 1, w.EC2.Alive(), "another one is launched")
	other := w.Machines(t, ws)[0]
	if other.Own() {
		other = w.Machines(t, ws)[1]
	}
	w.Boot(t, other)
	require.NoError(t, w.Reconcile(t.Context()))
	seat, err := w.SeatOf(t.Context(), c.Token)
	require.NoError(t, err)
	require.Equal(t, other.ID, seat.MachineID)
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	m, err = w.Store.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Unhealthy, m.State, "it stays, and may become well again")
}

func TestOnesOwnMachineCostsNothing(t *testing.T) {
	w := newWorld(t)
	w.Rates = dollar{}
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Warm: new(0)})
	require.NoError(t, err)
	own(t, w, ws)
	w.Time = w.Time.Add(1000 * 3600 * 1e9)
	require.Zero(t, w.CostOf(ws, w.Machines(t, ws)).SoFar)
	spent, err := w.SpentThisMonth(t.Context())
	require.NoError(t, err)
	require.Zero(t, spent.USD)
}

func TestNoMachineIsForeseenWhereSomebodysOwnServes(t *testing.T) {
	w := newWorld(t)
	w.Rates = dollar{}
	ends := w.Time.Add(4 * time.Hour)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Spares: 1, Warm: new(0), EndsAt: &ends})
	require.NoError(t, err)
	alone := w.CostOf(ws, nil).AtEnd
	m, _ := own(t, w, ws)
	atEnd := func() float64 { return w.CostOf(ws, w.Machines(t, ws)).AtEnd }
	require.Zero(t, atEnd(), "it is in the place of the spare")
	_, err = w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	require.Zero(t, atEnd())
	require.NoError(t, w.Store.SetHealth(t.Context(), m.ID, api.Unhealthy, "GPU 0 is lost", w.Time))
	m, err = w.Store.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.NoError(t, w.Store.LeaveMachine(t.Context(), m, "another one takes its place", w.Time))
	require.InDelta(t, alone, atEnd(), 1e-9, "one that goes is replaced")
}

func TestAJoinTokenThatCannotBeIsRefused(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	over := w.Time
	late := w.Time.AddDate(0, 2, 0)
	for _, n := range []api.NewJoinToken{{Name: " "}, {Name: "x", ExpiresAt: &over}, {Name: "x", ExpiresAt: &late}, {Name: "x", Uses: 1001}, {Name: strings.Repeat("ж", 101)}} {
		n.Workshop = ws.ID
		_, _, err := w.AddJoinToken(t.Context(), "admin", n)
		require.Equal(t, api.Invalid, api.CodeOf(err), n)
	}
	_, secret, err := w.AddJoinToken(t.Context(), "admin", api.NewJoinToken{Name: strings.Repeat("ж", 100), Workshop: ws.ID})
	require.NoError(t, err)
	require.NoError(t, w.MayJoin(t.Context(), secret))
	require.Equal(t, api.Forbidden, api.CodeOf(w.MayJoin(t.Context(), secret+"x")))
	w.Time = w.Time.AddDate(0, 0, 1)
	require.ErrorContains(t, w.MayJoin(t.Context(), secret), "it ended")
}

// The database has one that writes, for all: who shows no token does not take its turn.
func TestWhoShowsNoJoinTokenWritesNothing(t *testing.T) {
	w := newWorld(t)
	var commits atomic.Int64 // who writes for all tells it
	w.Store.(interface{ OnCommit(func(time.Duration)) }).OnCommit(func(time.Duration) { commits.Add(1) })
	r := api.Registration{Protocol: api.Protocol, Version: "test", SecretSHA256: api.SecretSum("x"), JoinToken: "lbj_made-up"}
	_, err := w.Register(t.Context(), r)
	require.Equal(t, api.Forbidden, api.CodeOf(err))
	require.Zero(t, commits.Load())
}

// ownAgent is the agent of ann's machine.
func ownAgent(t *testing.T, w *allocatortest.World, m allocator.Machine) allocator.Agent {
	t.Helper()
	a, err := w.Authenticate(t.Context(), m.AgentID, "of ann's")
	require.NoError(t, err)
	return a
}

func TestOnesOwnMachineIsRebootedByNobody(t *testing.T) {
	w := newWorld(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Warm: new(0)})
	require.NoError(t, err)
	m, _ := own(t, w, ws)
	w.Agents.Connect(m)
	_, err = w.RebootMachine(t.Context(), "admin", m.ID)
	require.Equal(t, api.Conflict, api.CodeOf(err))
	require.ErrorContains(t, err, "restarted where it stands")
	operations, err := w.Store.Operations(t.Context(), ws.ID, 10)
	require.NoError(t, err)
	require.Empty(t, operations)

	// An earlier release wrote such an operation down.
	op := allocator.NewOperation(allocator.Reboot, "admin", ws.ID, w.Time)
	require.NoError(t, w.Store.RebootMachine(t.Context(), m, op, "it is rebooted by admin"))
	_ = w.Run(t.Context(), op.ID) // says when again
	require.NoError(t, w.Run(t.Context(), op.ID))
	m, err = w.Store.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Unhealthy, m.State)
	require.Contains(t, m.Reason, "restarted where it stands")
	require.Empty(t, w.EC2.Rebooted)
	require.Empty(t, w.Agents.Rebooted)
	_, err = w.Report(t.Context(), ownAgent(t, w, m), api.Report{Health: api.Healthy, BootID: "b"})
	require.NoError(t, err)
	m, err = w.Store.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Ready, m.State, "its owner has restarted it")
}

func TestOnesOwnMachineThatIsReplacedIsReleased(t *testing.T) {
	w := newWorld(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Warm: new(1)})
	require.NoError(t, err)
	w.RunAll(t)
	m, _ := own(t, w, ws)
	_, err = w.ReplaceMachine(t.Context(), "admin", m.ID)
	require.NoError(t, err)
	w.RunAll(t)
	m, err = w.Store.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Terminated, m.State)
	require.Contains(t, m.Reason, "it was released")
}

func TestWhatWasMadeOnASickMachineOfOnesOwnIsCollected(t *testing.T) {
	w := newWorld(t)
	w.Pools[0].Collect = []string{"results/**"}
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Warm: new(0)})
	require.NoError(t, err)
	m, _ := own(t, w, ws)
	w.Agents.Connect(m)
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	require.Equal(t, m.ID, c.Seat.MachineID)
	require.NoError(t, w.Store.SetHealth(t.Context(), m.ID, api.Unhealthy, "GPU 0 is lost", w.Time))
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	for _, other := range w.Machines(t, ws) {
		if !other.Own() {
			w.Boot(t, other)
		}
	}
	require.NoError(t, w.Reconcile(t.Context()))
	seat, err := w.SeatOf(t.Context(), c.Token)
	require.NoError(t, err)
	require.NotEqual(t, m.ID, seat.MachineID)
	require.Equal(t, "GPU 0 is lost", seat.Note)
	m, err = w.Store.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Draining, m.State)
	w.RunAll(t)
	require.Len(t, w.Agents.Collections, 1)
	m, err = w.Store.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Unhealthy, m.State)
}

func TestOnesOwnMachineThatIsSwitchedOffIsGivenToNobody(t *testing.T) {
	w := newWorld(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Warm: new(0)})
	require.NoError(t, err)
	m, _ := own(t, w, ws)
	require.NoError(t, w.Observe(t.Context())) // it listens from now on
	w.Time = w.Time.Add(16 * time.Minute)
	require.NoError(t, w.Observe(t.Context()))
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	require.Equal(t, allocator.SeatQueued, c.Seat.State)
	_, err = w.Report(t.Context(), ownAgent(t, w, m), api.Report{Health: api.Healthy})
	require.NoError(t, err)
	seat, err := w.SeatOf(t.Context(), c.Token)
	require.NoError(t, err)
	require.Equal(t, m.ID, seat.MachineID)
}

func TestOnesOwnMachineIsReleasedAfterWhatWasMadeThereIsCollected(t *testing.T) {
	w := newWorld(t)
	w.Pools[0].Collect = []string{"results/**"}
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Warm: new(0)})
	require.NoError(t, err)
	m, _ := own(t, w, ws)
	w.Agents.Connect(m)
	_, err = w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	end, err := w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	var later *allocator.Later
	require.ErrorAs(t, w.Run(t.Context(), end.ID), &later)
	m, err = w.Store.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Draining, m.State)
	w.RunAll(t) // what is collected, too
	require.NoError(t, w.Run(t.Context(), end.ID))
	m, err = w.Store.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Terminated, m.State)
	require.Len(t, w.Agents.Collections, 1)
}

func TestASickMachineOfOnesOwnThatIsReplacedIsReleased(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	m, _ := own(t, w, ws)
	require.NoError(t, w.Store.LeaveMachine(t.Context(), m, "another one takes its place", w.Time))
	require.NoError(t, w.Store.SetHealth(t.Context(), m.ID, api.Unhealthy, "GPU 0 is lost", w.Time))
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	m, err := w.Store.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Terminated, m.State)
}

func TestNobodyWorksOnOnesOwnMachineOnceItIsReleased(t *testing.T) {
	w := newWorld(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Warm: new(0)})
	require.NoError(t, err)
	m, _ := own(t, w, ws)
	w.Agents.Connect(m)
	_, err = w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	w.Settled()
	require.NotEmpty(t, w.Agents.Session(m.ID))
	_, err = w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	w.RunAll(t)
	require.Empty(t, w.Agents.Session(m.ID), "its owner finds it without her session")
}
