package allocator_test

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/api"
)

// fleet is a world whose data can be gone back to.
type fleet struct {
	*allocatortest.World
	// backup makes one of now, and returns what goes back to it.
	backup func(t *testing.T) (restore func())
}

// onBoth runs a test on each database.
func onBoth(t *testing.T, test func(t *testing.T, w fleet)) {
	t.Run("SQLite", func(t *testing.T) {
		w := newWorld(t)
		test(t, fleet{w, func(t *testing.T) func() { return backup(t, w) }})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		pg, err := pgtest.Start(t.Context(), pgtest.Options{NoSync: true})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, pg.Stop()) })
		require.NoError(t, pg.Prepare(t.Context()))
		now := pg.Database(t)
		open := func(t testing.TB) *sqlstore.Store {
			store, err := postgres.Open(t.Context(), now)
			require.NoError(t, err)
			return store
		}
		w := allocatortest.On(t, open)
		test(t, fleet{w, func(t *testing.T) func() {
			w.Stop(t)
			then := pg.Clone(t, now)
			w.Start(t)
			require.NoError(t, w.Resume(t.Context()))
			return func() {
				w.Stop(t)
				now = then
				store := open(t) // as lablink-allocator restore does
				require.NoError(t, errors.Join(store.Restored(t.Context(), w.Time), store.Close()))
				w.Start(t)
				require.NoError(t, w.Resume(t.Context()))
			}
		}})
	})
}

// backup makes one of now, and returns what goes back to it.
func backup(t *testing.T, w *allocatortest.World) (restore func()) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "backup.db")
	require.NoError(t, sqlite.Backup(t.Context(), w.Path, file))
	return func() {
		w.Stop(t)
		aside, err := sqlite.Restore(t.Context(), file, w.Path, w.Time, w.Log)
		require.NoError(t, err)
		require.FileExists(t, aside)
		w.Start(t)
		require.NoError(t, w.Resume(t.Context()))
	}
}

// claimed gives a person a seat.
func claimed(t *testing.T, w *allocatortest.World, ws allocator.Workshop, email string) allocator.Claimed {
	t.Helper()
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: email}, "")
	require.NoError(t, err)
	return c
}

// goOn is what an agent does with an allocator that may not know it: it reports, and
// registers once more with its own secret where it is not known.
func goOn(t *testing.T, w *allocatortest.World, instance string, known allocatortest.Booted) error {
	t.Helper()
	a, err := w.Authenticate(t.Context(), known.AgentID, known.Secret)
	if err == nil {
		_, err = w.Report(t.Context(), a, api.Report{Health: api.Healthy})
		return err
	}
	require.Equal(t, api.Unauthorized, api.CodeOf(err))
	r := allocatortest.Registration(instance, "client-gpu", "after the restore, of "+instance)
	given, err := w.Register(t.Context(), r)
	if err != nil {
		return err
	}
	a, err = w.Authenticate(t.Context(), given.AgentID, known.Secret)
	require.NoError(t, err)
	_, err = w.Report(t.Context(), a, api.Report{Health: api.Healthy})
	return err
}

func TestAFleetGoesOnAfterARestore(t *testing.T) { onBoth(t, goesOnAfterARestore) }

func goesOnAfterARestore(t *testing.T, w fleet) {
	ws, _ := w.Open(t, 3)
	w.RunAll(t)
	machines := w.Machines(t, ws)
	agents := map[string]allocatortest.Booted{}
	boot := func(m allocator.Machine) { agents[m.InstanceID], _ = w.Boot(t, m) }
	boot(machines[0])
	boot(machines[1])
	ann, bob := claimed(t, w.World, ws, "ann@example.org"), claimed(t, w.World, ws, "bob@example.org")
	w.Time = w.Time.Add(time.Minute)
	restore := w.backup(t)

	// What the backup does not know: an agent, a seat, a workshop with a machine, and
	// that a machine is gone.
	boot(machines[2])
	cleo := claimed(t, w.World, ws, "cleo@example.org")
	lost := w.ReadyWorkshop(t, 1)
	unknown := w.Machines(t, lost)[0].InstanceID
	agents[unknown] = allocatortest.Booted{Registered: api.Registered{AgentID: w.Machines(t, lost)[0].AgentID}, Secret: "secret of " + unknown}
	require.NoError(t, w.Leave(t.Context(), bob.Token))
	w.EC2.Set(allocator.InstanceGone, machines[1].InstanceID)
	w.Time = w.Time.Add(20 * time.Minute)
	require.Equal(t, 3, w.EC2.Alive())
	restore()

	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Len(t, seats, 2)
	again, err := w.SeatOf(t.Context(), ann.Token)
	require.NoError(t, err)
	require.Equal(t, ann.Seat.MachineID, again.MachineID)
	_, err = w.SeatOf(t.Context(), cleo.Token)
	require.Equal(t, api.NotFound, api.CodeOf(err))

	for instance, known := range agents {
		err := goOn(t, w.World, instance, known)
		if instance == unknown {
			require.ErrorContains(t, err, "did not launch")
		} else {
			require.NoError(t, err, instance)
		}
	}
	require.NoError(t, w.Observe(t.Context()))
	require.NoError(t, w.Reconcile(t.Context()))
	require.Empty(t, w.EC2.Asked, "nothing is ended at once")
	w.RunAll(t)
	bobs, err := w.SeatOf(t.Context(), bob.Token)
	require.NoError(t, err)
	require.Equal(t, machines[2].ID, bobs.MachineID, "his own is gone")
	requireNothingTwice(t, w.World, ws)

	require.NoError(t, w.Observe(t.Context()))
	require.Equal(t, 1, audited(t, w.World, "spare unknown instance", unknown))
	w.Time = w.Time.Add(time.Hour)
	require.NoError(t, w.Observe(t.Context()))
	require.Contains(t, w.EC2.Asked, unknown)
	require.Equal(t, 1, audited(t, w.World, "end stray instance", unknown))
	require.Equal(t, 1, audited(t, w.World, "restore backup", ""))
	requireNothingTwice(t, w.World, ws)
}

// requireNothingTwice requires that no instance and no machine is held twice.
func requireNothingTwice(t *testing.T, w *allocatortest.World, ws allocator.Workshop) {
	t.Helper()
	held := map[string]bool{}
	for _, m := range w.Machines(t, ws) {
		require.False(t, m.InstanceID != "" && held[m.InstanceID], "instance %s has two machines", m.InstanceID)
		held[m.InstanceID] = true
	}
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	for _, s := range seats {
		require.False(t, s.MachineID != "" && held[s.MachineID], "machine %s has two seats", s.MachineID)
		held[s.MachineID] = true
	}
}

// audited counts what the audit tells.
func audited(t *testing.T, w *allocatortest.World, action, subject string) int {
	t.Helper()
	all, err := w.Store.Events(t.Context(), allocator.EventQuery{Limit: 1000})
	require.NoError(t, err)
	return len(slices.DeleteFunc(all, func(e allocator.Event) bool { return e.Action != action || e.Subject != subject }))
}

func TestAnAgentMayBeReplacedAfterARestoreUntilItIsHeardOf(t *testing.T) {
	for _, heard := range []bool{false, true} {
		w := newWorld(t)
		ws, _ := w.Open(t, 1)
		w.RunAll(t)
		m := w.Machines(t, ws)[0]
		known, _ := w.Boot(t, m)
		backup(t, w)()
		require.True(t, w.Machines(t, ws)[0].AgentReplaceable)
		if heard {
			require.NoError(t, goOn(t, w, m.InstanceID, known))
		}
		r := allocatortest.Registration(m.InstanceID, "client-gpu", "another")
		r.SecretSHA256 = api.SecretSum("another")
		given, err := w.Register(t.Context(), r)
		if heard {
			require.Equal(t, api.Conflict, api.CodeOf(err), "its agent is there")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, m.ID, given.MachineID)
		_, err = w.Authenticate(t.Context(), known.AgentID, known.Secret)
		require.Equal(t, api.Unauthorized, api.CodeOf(err), "the one before is not known any more")
		r = allocatortest.Registration(m.InstanceID, "client-gpu", "a third")
		r.SecretSHA256 = api.SecretSum("a third")
		_, err = w.Register(t.Context(), r)
		require.Equal(t, api.Conflict, api.CodeOf(err), "once")
	}
}

func TestAnAgentThatServedAnotherSinceTheBackupTakesOrdersAfterARestore(t *testing.T) {
	onBoth(t, takesOrdersAfterARestore)
}

func takesOrdersAfterARestore(t *testing.T, w fleet) {
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	w.Agents.Connect(m)
	ann := claimed(t, w.World, ws, "ann@example.org")
	w.Settled()
	restore := w.backup(t)
	w.Time = w.Time.Add(time.Minute)
	require.NoError(t, w.Leave(t.Context(), ann.Token))
	bob := claimed(t, w.World, ws, "bob@example.org")
	w.Settled()
	require.Equal(t, bob.Seat.Session(), w.Agents.Session(m.ID))
	w.Time = w.Time.Add(time.Minute)
	restore()

	a, err := w.Store.Agent(t.Context(), m.AgentID)
	require.NoError(t, err)
	_, err = w.Report(t.Context(), a, api.Report{Health: api.Healthy, Session: &api.SessionStatus{ID: bob.Seat.Session()}})
	require.NoError(t, err)
	w.Settled()
	seat, err := w.SeatOf(t.Context(), ann.Token)
	require.NoError(t, err)
	require.Equal(t, m.ID, seat.MachineID)
	require.Equal(t, seat.Session(), w.Agents.Session(m.ID))
}

func TestAJobOfAnOperationThatIsNotKnownIsOver(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Run(t.Context(), "op_unknown"))
}

func TestALaunchThatTheBackupDoesNotKnowGivesTheSameMachinesAgain(t *testing.T) {
	onBoth(t, launchesTheSameAgain)
}

func launchesTheSameAgain(t *testing.T, w fleet) {
	ws, _ := w.Open(t, 2)
	restore := w.backup(t)
	w.RunAll(t)
	require.Equal(t, 2, w.EC2.Alive())
	restore()
	w.RunAll(t)
	require.Equal(t, 2, w.EC2.Alive(), "the same call is asked for again")
	for _, m := range w.Machines(t, ws) {
		w.Boot(t, m)
	}
	require.NoError(t, w.Observe(t.Context()))
	require.Zero(t, audited(t, w.World, "spare unknown instance", w.EC2.All[0].ID))
}
