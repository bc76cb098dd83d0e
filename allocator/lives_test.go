package allocator_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Workshops are opened and ended, people come and go, machines start, fail, and end, AWS
// takes some back, people's own join, EC2 refuses, money is used up, the clock jumps, and
// the allocator is cut off in the middle of what it does and started again, in any order.
// What must never be never is; left alone, all is well again; and in the end nobody pays for
// anything.
func TestLivesOfWorkshopsKeepWhatMustHold(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		dir, err := os.MkdirTemp("/dev/shm", "lablink-test-") //nolint:usetesting // in memory: what is tried is what is written, not how fast a disk is
		if err != nil {
			dir = t.TempDir()
		}
		t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
		n := 0
		lives(t, func() opens {
			n++
			path := filepath.Join(dir, fmt.Sprintf("lablink-%d.db", n))
			return func(t testing.TB) (*sqlstore.Store, error) {
				return sqlite.Open(t.Context(), path, slog.New(slog.DiscardHandler))
			}
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		pg, err := pgtest.Start(t.Context(), pgtest.Options{NoSync: true})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, pg.Stop()) })
		require.NoError(t, pg.Prepare(t.Context()))
		fewer(t, 8) // here they take long
		lives(t, func() opens {
			c := pg.Database(t)
			return func(t testing.TB) (*sqlstore.Store, error) { return postgres.Open(t.Context(), c) }
		})
	})
}

// fewer lets a test try one of so many histories that rapid would try. A history that
// fails is tried again as it was, to make it shorter.
func fewer(t *testing.T, of int) {
	t.Helper()
	checks := flag.Lookup("rapid.checks").Value
	was := checks.String()
	n, err := strconv.Atoi(was)
	require.NoError(t, err)
	require.NoError(t, checks.Set(strconv.Itoa(max(1, n/of))))
	t.Cleanup(func() { require.NoError(t, checks.Set(was)) })
}

// opens opens a database.
type opens func(t testing.TB) (*sqlstore.Store, error)

// lives tries lives. One that follows a life that failed has a database of its own, so
// that it is that one again where rapid repeats it.
func lives(t *testing.T, fresh func() opens) {
	open := fresh()
	w := allocatortest.On(t, func(t testing.TB) *sqlstore.Store {
		store, err := open(t)
		require.NoError(t, err)
		return store
	})
	failed := false
	rapid.Check(t, func(r *rapid.T) {
		if failed {
			open = fresh()
			w.Anew(t)
		}
		failed = true
		l := &life{World: w, outer: t, tokens: map[string]string{}, logged: map[string]int{}, ever: map[string]bool{}}
		l.looks()
		l.EC2.Spot = rapid.IntRange(0, 3).Draw(r, "spot") > 0
		for range rapid.IntRange(5, 40).Draw(r, "steps") {
			l.step(r)
			l.holds(r)
		}
		l.heals(r)
		l.clear(r)
		failed = false
	})
}

// life is a random life of workshops.
type life struct {
	*allocatortest.World
	outer    *testing.T
	open     []string        // workshops
	ever     map[string]bool // workshops that were open once
	changes  storetest.Changes
	tokens   map[string]string  // of browsers, by the address of who has it
	logged   map[string]int     // how much each machine logged
	own      []api.Registration // of machines of people's own, which joined or are to
	budget   allocator.Budget
	wrong    time.Duration // how far the clock is ahead
	cut      func()        // called once the allocator has looked at its clock for some times
	cutAfter int
	seq      int
}

// now is the clock of the allocator. A cut comes when it is looked at, which is between
// two things that the allocator does.
func (l *life) now() time.Time {
	if l.cut != nil {
		if l.cutAfter--; l.cutAfter == 0 {
			l.cut()
		}
	}
	return l.Time.Add(l.wrong)
}

// looks lets the allocator look at this life's clock and money.
func (l *life) looks() {
	l.World.Service.Now, l.World.Service.Clock = l.now, l.trusted
	l.World.Service.Rates, l.World.Service.Budget = dollar{}, l.budget
}

// restart starts the allocator anew.
func (l *life) restart(r require.TestingT) {
	l.Stop(l.outer)
	l.Start(l.outer)
	l.looks()
	require.NoError(r, l.Resume(context.Background()))
}

// trusted says that a clock that is wrong cannot be trusted, as another one tells.
func (l *life) trusted(context.Context) error {
	if l.wrong != 0 {
		return errors.New("the clock jumped")
	}
	return nil
}

// allowed are the refusals that somebody may meet for what others did.
var allowed = []api.Code{api.Capacity, api.Forbidden, api.Conflict, api.NotFound, api.Invalid, api.RateLimited}

func refusedFairly(r require.TestingT, err error) {
	if err != nil && !errors.Is(err, context.Canceled) {
		require.Contains(r, allowed, api.CodeOf(err), "%v", err)
	}
}

// step is one thing that happens.
func (l *life) step(r *rapid.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	crash := rapid.IntRange(0, 7).Draw(r, "crash") == 0
	if crash {
		l.cut, l.cutAfter = cancel, rapid.IntRange(1, 6).Draw(r, "cut after")
	}
	l.happens(ctx, r, rapid.SampledFrom([]string{"open", "claim", "claim", "leave", "agents", "agents", "agents", "look", "look", "run", "run", "run", "mood", "end machine", "hands", "loss", "clock", "end", "time", "joins", "notice", "notice", "money"}).Draw(r, "what"))
	l.Settled()
	l.cut = nil
	if crash {
		l.restart(r)
	}
}

func (l *life) happens(ctx context.Context, r *rapid.T, what string) {
	switch what {
	case "open":
		l.opens(ctx, r)
	case "claim":
		l.claims(ctx, r)
	case "leave":
		if who := l.someone(r); who != "" {
			refusedFairly(r, l.Leave(ctx, l.tokens[who]))
		}
	case "agents":
		l.agents(ctx, r, func(allocator.Machine) api.Health {
			return rapid.SampledFrom([]api.Health{"", api.Healthy, api.Healthy, api.Healthy, api.Degraded, api.Unhealthy}).Draw(r, "health")
		})
	case "look":
		l.look(ctx)
	case "run":
		l.runAll(ctx)
		l.EC2.Finish()
	case "mood":
		l.mood(r)
	case "end machine":
		if m := l.machine(r); m != nil {
			_, err := l.TerminateMachine(ctx, "admin", m.ID)
			refusedFairly(r, err)
		}
	case "hands":
		l.hands(ctx, r)
	case "loss":
		if m := l.machine(r); m != nil && m.InstanceID != "" {
			l.EC2.Set(rapid.SampledFrom([]allocator.InstanceState{allocator.InstanceGone, allocator.InstanceStopped}).Draw(r, "how"), m.InstanceID)
		}
	case "clock":
		l.wrong = rapid.SampledFrom([]time.Duration{0, 0, 90 * 24 * time.Hour, -90 * 24 * time.Hour, 3 * time.Hour}).Draw(r, "wrong by")
	case "end":
		if len(l.open) > 0 && rapid.IntRange(0, 3).Draw(r, "whether") == 0 {
			_, err := l.EndWorkshop(ctx, "admin", rapid.SampledFrom(l.open).Draw(r, "which"))
			refusedFairly(r, err)
		}
	case "joins":
		l.joins(ctx, r)
	case "notice":
		l.noticed(ctx, r)
	case "money":
		l.spends(r)
	case "time":
		l.Time = l.Time.Add(time.Duration(rapid.IntRange(0, 25).Draw(r, "minutes")) * time.Minute)
	}
}

// hands is what an instructor does to a machine, or to who holds it.
func (l *life) hands(ctx context.Context, r *rapid.T) {
	m := l.machine(r)
	if m == nil {
		return
	}
	var err error
	switch rapid.SampledFrom([]string{"move", "drain", "replace", "reboot"}).Draw(r, "hand") {
	case "move":
		_, err = l.MoveSeat(ctx, "admin", m.SeatID)
	case "drain":
		_, err = l.DrainMachine(ctx, "admin", m.ID)
	case "replace":
		_, err = l.ReplaceMachine(ctx, "admin", m.ID)
	case "reboot":
		_, err = l.RebootMachine(ctx, "admin", m.ID)
	}
	refusedFairly(r, err)
}

// opens opens a workshop, but for more than the pool has room for.
func (l *life) opens(ctx context.Context, r *rapid.T) {
	if len(l.open) == 2 {
		return
	}
	n := api.NewWorkshop{
		Name: "Pose", Pool: "gpu", Seats: rapid.IntRange(1, 3).Draw(r, "seats"), Spares: rapid.IntRange(0, 1).Draw(r, "spares"),
		SessionMinutes: rapid.SampledFrom([]int{0, 30}).Draw(r, "session"),
	}
	if rapid.IntRange(0, 3).Draw(r, "ends") == 0 {
		n.EndsAt = new(l.Time.Add(time.Duration(rapid.IntRange(30, 240).Draw(r, "after")) * time.Minute))
	}
	_, err := l.OpenWorkshop(ctx, "admin", n)
	refusedFairly(r, err)
	l.known(r)
}

// known are the workshops that are open.
func (l *life) known(r require.TestingT) []allocator.Workshop {
	all, err := l.Store.OpenWorkshops(context.Background())
	require.NoError(r, err)
	l.open = nil
	for _, ws := range all {
		l.open, l.ever[ws.ID] = append(l.open, ws.ID), true
	}
	return all
}

func (l *life) claims(ctx context.Context, r *rapid.T) {
	all := l.known(r)
	if len(all) == 0 {
		return
	}
	ws := rapid.SampledFrom(all).Draw(r, "workshop")
	who := fmt.Sprintf("p%d@example.org", rapid.IntRange(0, 5).Draw(r, "person"))
	key := who + " of " + ws.ID
	if l.tokens[key] == "" {
		l.tokens[key] = allocator.NewToken() // the browser has it before it asks
	}
	c, err := l.Claim(ctx, api.Claim{Code: ws.JoinCode, Email: who}, l.tokens[key])
	refusedFairly(r, err)
	if err != nil {
		return
	}
	again, err := l.Claim(context.Background(), api.Claim{Code: ws.JoinCode, Email: who}, l.tokens[key])
	require.NoError(r, err)
	require.Equal(r, c.Seat.ID, again.Seat.ID, "who asks again has the same seat")
}

func (l *life) someone(r *rapid.T) string {
	if len(l.tokens) == 0 {
		return ""
	}
	return rapid.SampledFrom(slices.Sorted(maps.Keys(l.tokens))).Draw(r, "who")
}

func (l *life) living(r require.TestingT) []allocator.Machine {
	all, err := l.Store.Machines(context.Background(), "", false)
	require.NoError(r, err)
	return all
}

func (l *life) machine(r *rapid.T) *allocator.Machine {
	all := l.living(r)
	if len(all) == 0 {
		return nil
	}
	return new(rapid.SampledFrom(all).Draw(r, "machine"))
}

// look is what the allocator does every 15 seconds. What fails is tried again.
func (l *life) look(ctx context.Context) {
	_ = l.Observe(ctx)
	_ = l.Reconcile(ctx)
	_ = l.Resume(ctx)
	_, _ = l.Forget(ctx)
}

// runAll runs a step of each operation that is queued. What fails is tried again.
func (l *life) runAll(ctx context.Context) {
	l.Settled()
	queued := l.Queued
	l.Queued = nil
	for _, op := range queued {
		if l.Run(ctx, op) != nil {
			_ = l.Enqueue(context.Background(), op)
		}
	}
}

// mood is how EC2 answers from now on.
func (l *life) mood(r *rapid.T) {
	l.EC2.Lost, l.EC2.Capacity, l.EC2.Err = nil, nil, nil
	l.EC2.TerminateError, l.EC2.Protected = nil, map[string]string{}
	l.EC2.Delay = time.Duration(rapid.IntRange(0, 3).Draw(r, "listed after")) * time.Minute
	l.EC2.Spot = rapid.IntRange(0, 3).Draw(r, "spot") > 0
	switch rapid.IntRange(0, 7).Draw(r, "mood") {
	case 0:
		l.EC2.Err = api.Problemf(api.Forbidden, "AWS refuses", "no.")
	case 1:
		l.EC2.Err = api.Problemf(api.Unavailable, "EC2 asks to go slower", "RequestLimitExceeded.")
	case 2:
		l.EC2.Lost = errors.New("connection reset")
	case 3:
		l.EC2.Capacity = func(asked int) int { return asked / 2 }
	case 4:
		l.EC2.TerminateError = errors.New("connection reset")
	case 5:
		for n, i := range l.EC2.All {
			if n%2 == 0 {
				l.EC2.Protected[i.ID] = "it is protected"
			}
		}
	}
}
