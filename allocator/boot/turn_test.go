package boot_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	domain "github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// The database that hosts share, and the roots of those hosts, for programs of theirs.
const (
	databaseVariable = "TEST_DATABASE"
	hostsVariable    = "TEST_HOSTS"
)

func stopDatabase() int {
	if err := pgtest.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// turn asks whose turn it is, as the program of a host does. Where there is a file
// "no-turn", the database cannot be asked.
func turn(root string) {
	if exists(filepath.Join(root, "no-turn")) {
		fail("the database is away")
	}
	f := flag.NewFlagSet("turn", flag.ExitOnError)
	f.String("settings", "", "")
	of, release := f.String("host", "", ""), f.String("release", "", "")
	life, give := f.Duration("life", 0, ""), f.Bool("give", false, "")
	_ = f.Parse(os.Args[2:])
	now := domain.Turn{Host: *of, Release: *release}
	if at := os.Getenv(databaseVariable); at != "" {
		store, err := shared(at)
		if err == nil && *give {
			err = store.GiveTurn(context.Background(), *of)
		} else if err == nil {
			now, err = store.TakeTurn(context.Background(), now, *life)
		}
		if err != nil {
			fail(err.Error())
		}
	}
	_ = json.NewEncoder(os.Stdout).Encode(boot.Turn{Host: now.Host, Release: now.Release})
}

func shared(at string) (*sqlstore.Store, error) {
	folder, name, _ := strings.Cut(at, " ")
	login := func(context.Context, bool) (string, string, error) { return pgtest.User, "-", nil }
	return postgres.OpenTurns(context.Background(), postgres.Config{Host: folder, Name: name, Login: login, Log: slog.New(slog.DiscardHandler)})
}

// lookAround notes where a host's service restarts while another host is being switched.
func lookAround(root string) {
	for _, other := range filepath.SplitList(os.Getenv(hostsVariable)) {
		if other != root && exists(filepath.Join(other, host.ConfigDir, "switching-from-release")) {
			note(filepath.Join(root, "at-once"), other)
		}
	}
}

// deployment is hosts that share a database, on the first release.
type deployment struct {
	*world
	roots []string
	turns *sqlstore.Store
	sql   func(query string)
}

var behaviours = []string{"", "", "exits in service", "exits", ""}

// publishAll publishes a release for each behaviour.
func (w *world) publishAll(t *testing.T) (sums []string) {
	t.Helper()
	for i, behaviour := range behaviours {
		sums = append(sums, w.publish(t, fmt.Sprintf("v%d", i+1), behaviour))
	}
	return sums
}

func newDeployment(t *testing.T, hosts int) (d *deployment, sums []string) {
	t.Helper()
	d = &deployment{world: newWorld(t)}
	at := pgtest.Database(t)
	t.Setenv(databaseVariable, at.Host+" "+at.Name)
	var err error
	d.turns, err = shared(os.Getenv(databaseVariable))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.turns.Close()) })
	d.sql = func(query string) {
		pool, err := postgres.Pool(t.Context(), at, 1)
		require.NoError(t, err)
		defer pool.Close()
		_, err = pool.Exec(t.Context(), query)
		require.NoError(t, err)
	}
	sums = d.publishAll(t)
	for range hosts {
		root := t.TempDir()
		d.roots = append(d.roots, root)
		d.on(t, len(d.roots)-1)
		require.NoError(t, os.MkdirAll(filepath.Join(root, boot.DataDir), 0o755))
		require.NoError(t, d.bootstrap(t, sums[0]))
		t.Cleanup(func() { endService(root) })
	}
	t.Setenv(hostsVariable, strings.Join(d.roots, string(filepath.ListSeparator)))
	return d, sums
}

// on makes what follows happen on a host.
func (d *deployment) on(t *testing.T, i int) {
	t.Helper()
	d.root = d.roots[i]
	t.Setenv("LABLINK_ROOT", d.root)
}

// updateHere follows the pointer, as the timer of a host does, until it is there or has
// given the release up.
func updateHere(t *testing.T, pointer string) {
	t.Helper()
	w := &world{root: os.Getenv("LABLINK_ROOT"), objects: map[string][]byte{}, pointer: pointer, set: 1, limits: patient, program: os.Getenv("LABLINK_PROGRAM")}
	w.publishAll(t)
	for {
		err := w.update(t)
		r, unknown := boot.Rollout()
		require.NoError(t, unknown)
		switch {
		case r.Failed != nil && r.Failed.Release == pointer, err == nil && r.Waiting == "":
			return
		case err != nil:
			require.NoError(t, err)
		}
	}
}

// updateAll lets all hosts follow the pointer at once, each in a process of its own.
func (d *deployment) updateAll(t *testing.T, pointer string) {
	t.Helper()
	var all sync.WaitGroup
	for _, root := range d.roots {
		all.Go(func() {
			cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
			cmd.Env = append(os.Environ(), "LABLINK_ROOT="+root, "LABLINK_UPDATE_TO="+pointer, "LABLINK_PROGRAM="+d.program)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %s", err, out)
			}
		})
	}
	all.Wait()
}

func TestHostsThatShareADatabaseSwitchOneAfterTheOther(t *testing.T) {
	if pointer := os.Getenv("LABLINK_UPDATE_TO"); pointer != "" {
		updateHere(t, pointer)
		return
	}
	d, sums := newDeployment(t, 3)
	runs := sums[0]
	for i, sum := range sums[1:] {
		d.updateAll(t, sum)
		good := behaviours[i+1] == ""
		if good {
			runs = sum
		}
		for n := range d.roots {
			d.on(t, n)
			require.Equal(t, runs, host.Current())
			require.Equal(t, good, rolled(t).Failed == nil, "%+v", rolled(t))
			require.NoFileExists(t, filepath.Join(d.root, "at-once"))
		}
	}
	now, err := d.turns.TakeTurn(t.Context(), domain.Turn{Host: "next"}, time.Hour)
	require.NoError(t, err)
	require.Equal(t, "next", now.Host, "the last one gave it back")
}

// A host that dies while it is switched holds the others up for as long as its turn
// lasts, and no longer.
func TestTheTurnOfAHostThatIsGoneEnds(t *testing.T) {
	d, sums := newDeployment(t, 2)
	d.point(sums[1])
	d.on(t, 0)
	require.ErrorContains(t, d.stopped(t), "interrupted")

	d.on(t, 1)
	require.NoError(t, d.update(t), "nothing is wrong")
	require.Equal(t, sums[0], host.Current())
	require.Contains(t, rolled(t).Waiting, "another host of this deployment is on its way to another release, and this one follows")
	require.NotContains(t, d.read(t, "systemctl.log"), "restart")
	d.sql("UPDATE turns SET until = 0")
	require.NoError(t, d.update(t))
	require.Equal(t, sums[1], host.Current())
	require.Empty(t, rolled(t).Waiting)

	// The first is back while another one has its turn.
	d.on(t, 0)
	_, err := d.turns.TakeTurn(t.Context(), domain.Turn{Host: "third"}, time.Hour)
	require.NoError(t, err)
	before := d.restarts(t)
	require.NoError(t, d.update(t))
	require.Equal(t, before, d.restarts(t))
	require.NoError(t, d.turns.GiveTurn(t.Context(), "third"))
	require.NoError(t, d.update(t))
	require.Equal(t, before+1, d.restarts(t), "now it is finished")
	require.Empty(t, rolled(t).Waiting)
}

func TestAHostThatWaitsKeepsNobodyFromSwitching(t *testing.T) {
	d, sums := newDeployment(t, 1)
	d.point(sums[1])
	note(filepath.Join(d.root, "no-copy"), "there is no room")
	require.ErrorContains(t, d.update(t), "there is no room")
	now, err := d.turns.TakeTurn(t.Context(), domain.Turn{Host: "other"}, time.Hour)
	require.NoError(t, err)
	require.Equal(t, "other", now.Host)
}

// Without the database no switch is begun, and one that was begun is finished.
func TestASwitchIsFinishedWhereNobodyKnowsWhoseTurnItIs(t *testing.T) {
	w, first, second := begun(t, "")
	away := filepath.Join(w.root, "no-turn")
	note(away, "")
	require.ErrorContains(t, w.update(t), "the database is away")
	require.Equal(t, first, host.Current())
	require.Contains(t, rolled(t).Waiting, "take the turn to switch to another release")
	require.NoError(t, os.Remove(away))
	require.Error(t, w.stopped(t))
	note(away, "")
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
	require.Contains(t, w.said.String(), "going on without knowing whose turn it is")
	under, err := boot.Switching()
	require.NoError(t, err)
	require.False(t, under)
}
