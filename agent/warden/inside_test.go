package warden_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/warden"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

const (
	containers = "lablink-container.service"
	password   = warden.Runtime + "/" + warden.PasswordFile
)

// contained is a warden of sessions in containers, whose image has a home.
func contained(t *testing.T) (*warden.Warden, *machine, *machine) {
	t.Helper()
	w, m := newWarden(t)
	setter := &machine{}
	const skeleton = "/var/lib/lablink-image/home"
	require.NoError(t, os.MkdirAll(host.Path(skeleton), 0o755))
	require.NoError(t, os.WriteFile(host.Path(skeleton+"/of-the-image"), []byte("x"), 0o644))
	w.Inside = &warden.Inside{SettingUp: setter, Skeleton: skeleton, Remove: func(context.Context) error { return setter.do("remove the container") }, Fetch: http.NotFoundHandler()}
	return w, m, setter
}

func read(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(host.Path(password))
	require.NoError(t, err)
	return string(raw)
}

func TestASessionInAContainerHasAPasswordOfItsOwnAndTheImagesHome(t *testing.T) {
	w, m, _ := contained(t)
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.Contains(t, next(m), "start "+containers)
	anns := read(t)
	require.GreaterOrEqual(t, len(anns), 26, "128 random bits")
	require.FileExists(t, host.Path(warden.Home+"/of-the-image"))
	require.FileExists(t, host.Path(warden.Home+"/tutorial/one.ipynb"), "what was set up comes over it")
	require.NoFileExists(t, host.Path(warden.Home+"/.bashrc"), "the machine's own is for its own desktops")
	info, err := os.Stat(host.Path(password))
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o007)

	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.Equal(t, anns, read(t), "the session goes on")
	require.NoError(t, os.RemoveAll(host.Path(warden.Runtime)))
	require.NoError(t, w.Begin(t.Context(), "anns"), "after a reboot")
	require.NotEmpty(t, read(t))
	anns = read(t)
	require.NoError(t, w.Begin(t.Context(), "bobs"))
	require.NotEqual(t, anns, read(t))
	require.NoError(t, w.End(t.Context(), "bobs"))
	require.NoFileExists(t, host.Path(password))
	require.Contains(t, next(m), "stop "+containers)
}

func TestAPasswordWhoseOwnerWasNotSetGetsItWithTheNextTry(t *testing.T) {
	w, m, _ := contained(t)
	owned, failed := "", false
	m.ownsAll = func(folder string) error {
		if folder == "lablink-session" && !failed {
			failed = true
			return errors.New("the machine lost its power")
		}
		owned = folder
		return nil
	}
	require.ErrorContains(t, w.Begin(t.Context(), "anns"), "lost its power")
	anns := read(t)
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.Equal(t, "lablink-session", owned)
	require.Equal(t, anns, read(t))
}

// A unit that is killed, as its participant left it no time or no tasks, removes nothing.
func TestNobodyBeginsBeforeTheContainerBeforeIsGone(t *testing.T) {
	w, m, setter := contained(t)
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.Equal(t, []string{"remove the container"}, next(setter), "what an earlier warden may have left goes first")
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.Empty(t, next(setter), "it goes on")
	next(m)
	setter.fail = "remove the container"
	require.Error(t, w.End(t.Context(), "anns"))
	did := next(m)
	require.Contains(t, did, "stop "+containers)
	require.NotContains(t, did, "forget")
	require.Error(t, w.Begin(t.Context(), "bobs"))
	require.NotContains(t, next(m), "start "+containers)
	had, err := w.Current()
	require.NoError(t, err)
	require.Equal(t, "anns", had, "it has not ended")
	setter.fail = ""
	require.NoError(t, w.End(t.Context(), "anns"))
	had, err = w.Current()
	require.NoError(t, err)
	require.Empty(t, had)
}

func TestTheImageIsFetchedUntilSomebodyHasHadTheMachineAndTheHomeIsWhoseSetsItUp(t *testing.T) {
	w, m, setter := contained(t)
	fetched := 0
	w.Inside.Fetch = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { fetched++ })
	require.Equal(t, http.StatusOK, ask(w, warden.ImagePath))
	require.Equal(t, 1, fetched)
	require.Contains(t, setter.did, "own lablink-home")
	require.NotContains(t, m.did, "own lablink-home", "there may be no image yet to say whose homes are")
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.Equal(t, http.StatusForbidden, ask(w, warden.ImagePath))
	require.Equal(t, 1, fetched)

	plain, _ := newWarden(t)
	require.Equal(t, http.StatusNotFound, ask(plain, warden.ImagePath), "a machine of other desktops fetches none")
}
