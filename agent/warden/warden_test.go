package warden_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/agent/session"
	"github.com/talmolab/lablink-infrastructure/agent/vnc"
	"github.com/talmolab/lablink-infrastructure/agent/warden"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// machine writes down what is done to it.
type machine struct {
	did  []string
	fail string // what fails
	gone func() // is called once it fences, where it is there
	// ownsAll takes whose all of a folder becomes, where it is there.
	ownsAll func(folder string) error
	// givenUp is the unit that was given up, and restarts how often it was started again.
	givenUp  string
	restarts int
}

func (m *machine) do(what string) error {
	m.did = append(m.did, what)
	if what == m.fail {
		return errors.New(what + " does not work")
	}
	return nil
}

func (m *machine) Start(_ context.Context, unit string) error { return m.do("start " + unit) }
func (m *machine) Stop(_ context.Context, units ...string) (failed error) {
	for _, unit := range units {
		failed = errors.Join(failed, m.do("stop "+unit))
	}
	return failed
}
func (m *machine) Shown(_ context.Context, unit string) (givenUp bool, restarts int, err error) {
	if unit != m.givenUp {
		return false, 0, nil
	}
	return true, m.restarts, nil
}
func (m *machine) Ready(ctx context.Context) error {
	if m.gone != nil {
		m.gone()
	}
	return errors.Join(m.do("fence"), ctx.Err())
}
func (m *machine) Fence(context.Context) error  { return m.do("fence at once") }
func (m *machine) Forget(context.Context) error { return m.do("forget") }
func (m *machine) KeepSetUp() error             { return m.do("keep what was set up") }
func (m *machine) Keep(path string) error       { return m.do("keep " + filepath.Base(path)) }
func (m *machine) Own(path string) error        { return m.do("own " + filepath.Base(path)) }
func (m *machine) OwnAll(path string) error {
	if m.ownsAll == nil {
		return nil
	}
	return m.ownsAll(filepath.Base(path))
}

const unit = "lablink-session.service"

var (
	first     = []string{"keep what was set up"}
	hiding    = []string{"stop " + unit, "stop lablink-container.service", "stop lablink-remote-start.service", "stop lablink-remote.service"}
	clearing  = append(slices.Clip(hiding), "forget")
	beginning = []string{"fence", "own lablink-home", "own lablink-home", "own lablink-session", "start " + unit}
	goingOn   = []string{"fence", "own lablink-session", "start " + unit}
)

func newWarden(t *testing.T) (*warden.Warden, *machine) {
	t.Helper()
	t.Setenv("LABLINK_ROOT", t.TempDir())
	require.NoError(t, os.MkdirAll(host.Path("/etc/skel/.config"), 0o755))
	require.NoError(t, os.WriteFile(host.Path("/etc/skel/.bashrc"), []byte("alias"), 0o644))
	require.NoError(t, os.MkdirAll(host.Path(warden.Prepared+"/tutorial"), 0o755))
	require.NoError(t, os.WriteFile(host.Path(warden.Prepared+"/tutorial/one.ipynb"), []byte("{}"), 0o644))
	require.NoError(t, os.Symlink("tutorial", host.Path(warden.Prepared+"/link")))
	m := &machine{}
	w := &warden.Warden{Units: m, Person: m, Say: func(what string, err error) { t.Error(what, err) }}
	t.Cleanup(w.Close)
	return w, m
}

// ask asks a warden as the agent does, with what it answers.
func ask(w *warden.Warden, path string) int {
	said := httptest.NewRecorder()
	w.Handler().ServeHTTP(said, httptest.NewRequest(http.MethodPost, path, nil))
	return said.Code
}

func TestAMachineIsSetUpUntilSomebodyHasHadIt(t *testing.T) {
	w, m := newWarden(t)
	ran, kept := 0, ""
	w.Run = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran++ })
	w.Prepare = func(home, prepared string) error { kept = home + " in " + prepared; return nil }
	require.Equal(t, http.StatusOK, ask(w, warden.RunPath))
	require.Equal(t, []string{"fence", "own lablink-home"}, next(m), "its commands run as somebody who is fenced, in their home")
	require.Equal(t, http.StatusOK, ask(w, warden.RunPath))
	require.Equal(t, []string{"fence"}, next(m), "what was made there stays")
	require.Equal(t, http.StatusNoContent, ask(w, warden.PreparedPath))
	require.Equal(t, slices.Concat(first, []string{"keep lablink-prepared"}), next(m), "who works here does not change what others begin with")
	require.Equal(t, host.Path(warden.Home)+" in "+host.Path(warden.Prepared), kept)

	ran, kept = 0, ""
	m.fail = "fence"
	require.Equal(t, http.StatusServiceUnavailable, ask(w, warden.RunPath), "nothing runs that is not fenced")
	m.fail = "stop " + unit
	require.Error(t, w.Begin(t.Context(), "anns"), "one that does not begin may have begun")
	m.fail = ""
	for range 2 {
		require.Equal(t, http.StatusForbidden, ask(w, warden.RunPath))
		require.Equal(t, http.StatusForbidden, ask(w, warden.PreparedPath))
		require.NoError(t, w.Begin(t.Context(), "anns"))
		require.NoError(t, w.End(t.Context(), "anns"))
	}
	require.Zero(t, ran)
	require.Empty(t, kept)
}

func TestAWardenEndsWithWhatSetsTheMachineUp(t *testing.T) {
	w, _ := newWarden(t)
	t.Setenv("LABLINK_SKIP", "user")
	begun, ended := make(chan struct{}), false
	w.Run = http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done()
		ended = true
	})
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error, 1)
	ready := make(chan struct{})
	go func() { served <- w.Serve(ctx, func() { close(ready) }) }()
	<-ready
	at := vnc.Places{Warden: host.Path(warden.Dir), Control: warden.Socket}.WardenClient()
	asked := make(chan error, 1)
	go func() { asked <- at.Do(t.Context(), http.MethodPost, warden.RunPath, nil, nil) }()
	<-begun
	stop()
	require.NoError(t, <-served)
	require.True(t, ended)
	require.Error(t, <-asked)
}

func next(m *machine) []string {
	did := m.did
	m.did = nil
	return did
}

func TestASessionBeginsInAHomeThatNobodyHadBefore(t *testing.T) {
	w, m := newWarden(t)
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.Equal(t, slices.Concat(first, clearing, beginning), next(m), "what an earlier one may have left goes first, but for what was set up")
	home := host.Path(warden.Home)
	require.FileExists(t, filepath.Join(home, ".bashrc"))
	require.DirExists(t, filepath.Join(home, ".config"))
	require.FileExists(t, filepath.Join(home, "link/one.ipynb"), "what the machine was set up with")
	made := filepath.Join(home, "results")
	require.NoError(t, os.WriteFile(made, []byte("anns"), 0o600))
	socket := host.Path(warden.Runtime + "/rfb")
	require.NoError(t, os.WriteFile(socket, nil, 0o600))

	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.Equal(t, goingOn, next(m), "the same once more, as for an agent that restarted")
	require.FileExists(t, made)
	require.FileExists(t, socket, "what the desktop that goes on needs stays")
	require.NoError(t, os.RemoveAll(host.Path("/run")))
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.Equal(t, goingOn, next(m), "as after a reboot")
	require.DirExists(t, host.Path(warden.Runtime))
	require.FileExists(t, made)

	require.NoError(t, w.Begin(t.Context(), "bobs"))
	require.Equal(t, append(clearing, beginning...), next(m))
	require.NoFileExists(t, made)
	require.FileExists(t, filepath.Join(home, ".bashrc"))

	require.NoError(t, w.End(t.Context(), "anns"))
	require.Empty(t, next(m), "it has ended already")
	require.NoError(t, w.End(t.Context(), "bobs"))
	require.Equal(t, clearing, next(m))
	require.NoDirExists(t, home)
	require.NoDirExists(t, host.Path(warden.Runtime))
	w.Close()
	gone, err := os.ReadDir(host.Path("/var/lib/lablink-warden/gone"))
	require.NoError(t, err, "to make it takes room that there may not be")
	require.Empty(t, gone)
	id, err := w.Current()
	require.NoError(t, err)
	require.Empty(t, id)
}

func TestAMachineWithoutAnXServerSaysWhatToInstall(t *testing.T) {
	w, m := newWarden(t)
	w.Possible = session.Possible
	t.Setenv("PATH", t.TempDir())
	require.ErrorContains(t, w.Begin(t.Context(), "anns"), "install tigervnc-standalone-server")
	require.NotContains(t, next(m), "start "+unit)
	ran := 0
	w.Run = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ran++ })
	require.Equal(t, http.StatusOK, ask(w, warden.RunPath), "nobody has had it, and it can be set up still")
	require.Equal(t, 1, ran)
}

// A home may take longer than anybody waits.
func TestASessionBeginsThoughWhoAskedIsGone(t *testing.T) {
	w, m := newWarden(t)
	ctx, gone := context.WithCancel(t.Context())
	m.gone = gone
	require.NoError(t, w.Begin(ctx, "anns"))
	require.Equal(t, slices.Concat(first, clearing, beginning), next(m))
	require.FileExists(t, host.Path(warden.Home+"/link/one.ipynb"))
	require.ErrorIs(t, w.Begin(ctx, "bobs"), context.Canceled, "who is gone before it begins wants it no more")
	require.Empty(t, next(m))
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.Equal(t, goingOn, next(m), "who asks again finds it")
}

// What is cut short is done again, and nobody gets what another one left behind.
func TestNobodyBeginsBeforeTheOneBeforeIsGone(t *testing.T) {
	for _, fails := range []string{"stop " + unit, "forget"} {
		w, m := newWarden(t)
		require.NoError(t, w.Begin(t.Context(), "anns"))
		next(m)
		m.fail = fails
		require.ErrorContains(t, w.Begin(t.Context(), "bobs"), fails)
		require.ErrorContains(t, w.End(t.Context(), "anns"), fails)
		require.NotContains(t, next(m), "start "+unit)
		m.fail = ""
		require.NoError(t, w.Begin(t.Context(), "bobs"))
		require.Equal(t, append(clearing, beginning...), next(m))
	}
}

func TestWhoseMachineStartsAgainIsFencedAtOnce(t *testing.T) {
	w, m := newWarden(t)
	t.Setenv("LABLINK_SKIP", "user")
	ctx, stop := context.WithCancel(t.Context())
	require.NoError(t, w.Serve(ctx, stop))
	require.Equal(t, []string{"fence at once"}, next(m))
}

func TestASessionThatCannotBeFencedDoesNotBegin(t *testing.T) {
	w, m := newWarden(t)
	m.fail = "fence"
	require.ErrorContains(t, w.Begin(t.Context(), "anns"), "fence does not work")
	assert.Equal(t, slices.Concat(first, clearing, []string{"fence"}), next(m))
	m.fail = "start " + unit
	require.ErrorContains(t, w.Begin(t.Context(), "anns"), "start")
	m.fail = ""
	next(m)
	require.NoError(t, w.Begin(t.Context(), "anns"))
	assert.Equal(t, goingOn, next(m))
}

// A full disk stands for all that keeps things from being made: here a file is in the way.
func TestASessionEndsThoughNothingCanBeMade(t *testing.T) {
	w, _ := newWarden(t)
	require.NoError(t, w.Begin(t.Context(), "anns"))
	w.Close()
	w.Say = func(string, error) {}
	gone := host.Path("/var/lib/lablink-warden/gone")
	require.NoError(t, os.RemoveAll(gone))
	require.NoError(t, os.WriteFile(gone, nil, 0o600))
	require.NoError(t, w.End(t.Context(), "anns"))
	require.NoDirExists(t, host.Path(warden.Home))
}

func TestWhoHasAMachineIsWrittenDownOnce(t *testing.T) {
	w, _ := newWarden(t)
	require.NoError(t, w.Begin(t.Context(), "anns"))
	used := host.Path("/var/lib/lablink-warden/used")
	before, err := os.Stat(used)
	require.NoError(t, err)
	require.NoError(t, w.Begin(t.Context(), "bobs"))
	after, err := os.Stat(used)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "a disk that is full by now has no room for another")
}

// A release that kept nothing may have set the machine up before this one came.
func TestNobodyBeginsBeforeWhatWasSetUpIsKept(t *testing.T) {
	w, m := newWarden(t)
	m.fail = "keep what was set up"
	require.Error(t, w.Begin(t.Context(), "anns"))
	require.Equal(t, first, next(m))
	used, kept := host.Path("/var/lib/lablink-warden/used"), host.Path("/var/lib/lablink-warden/kept")
	require.NoFileExists(t, used)
	require.NoFileExists(t, kept)
	m.fail = ""
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.FileExists(t, kept)
	require.NoError(t, os.Remove(kept))
	require.NoError(t, w.Begin(t.Context(), "bobs"))
	require.NoFileExists(t, kept, "what is somebody's already is not made everybody's")
}

func TestAHomeThatWasLeftBehindIsRemovedWhenTheWardenStarts(t *testing.T) {
	w, _ := newWarden(t)
	left := host.Path("/var/lib/lablink-warden/gone/ANNS")
	require.NoError(t, os.MkdirAll(left, 0o700))
	w.Sweep()
	require.NoDirExists(t, left)
}
