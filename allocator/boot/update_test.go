package boot_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

func (w *world) restarts(t *testing.T) int {
	t.Helper()
	return strings.Count(w.read(t, "systemctl.log"), "restart lablink-allocator.service")
}

// begun has a host that its first boot set up, and a second release that behaves
// and is to run.
func begun(t *testing.T, behaviour string) (w *world, first, second string) {
	t.Helper()
	w = newWorld(t)
	first, second = w.publish(t, "v1"), w.publish(t, "v2", behaviour)
	require.NoError(t, w.bootstrap(t, first))
	w.point(second)
	return w, first, second
}

// stopped runs an update and ends it by its context while the service restarts,
// after what happens meanwhile.
func (w *world) stopped(t *testing.T, meanwhile ...func()) error {
	t.Helper()
	pipe := filepath.Join(w.root, "restarting")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.NoError(t, syscall.Mkfifo(filepath.Join(w.root, "never"), 0o600))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	updater := w.updater(t)
	go func() { ended <- updater.Run(ctx) }()
	_, err := os.ReadFile(pipe) // returns once it is restarting
	require.NoError(t, err)
	for _, do := range meanwhile {
		do()
	}
	stop()
	err = <-ended
	require.NoError(t, os.Remove(pipe))
	require.NoError(t, os.Remove(filepath.Join(w.root, "never")))
	return err
}

func TestAnUpdateThatIsStoppedSaysNothingOfTheReleaseAndIsFinished(t *testing.T) {
	w, _, second := begun(t, "")
	require.ErrorContains(t, w.stopped(t), "interrupted")
	require.Nil(t, rolled(t).Failed)
	restarts := w.restarts(t)
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
	require.Equal(t, restarts+1, w.restarts(t), "the one that was stopped may not have restarted it")
	require.NoError(t, w.update(t))
	require.Equal(t, restarts+1, w.restarts(t), "now it is done")
}

// By hand, beside the timer: two would be in each other's way, and what fails for
// that would be the release's fault.
func TestTwoUpdatesAreNotAtWorkAtOnce(t *testing.T) {
	w, _, second := begun(t, "")
	require.Error(t, w.stopped(t, func() {
		log := w.read(t, "program.log")
		require.EqualError(t, w.update(t), "another update is at work on this machine")
		require.Equal(t, log, w.read(t, "program.log"))
	}))
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
	require.Equal(t, api.Rollout{Wanted: second}, rolled(t))
}

func TestAStoppedUpdateToABrokenReleaseIsStillTakenBack(t *testing.T) {
	w, first, _ := begun(t, "exits in service")
	require.Error(t, w.stopped(t))
	require.ErrorContains(t, w.update(t), "release "+first+" runs again", "it knows what ran before")
	require.Equal(t, first, host.Current())
	restarts := w.restarts(t)
	require.NoError(t, w.update(t))
	require.Equal(t, restarts, w.restarts(t))
}

// By the time that the next update finishes a switch, the release before answers
// no more; that it was ready is written down.
func TestAStoppedUpdateToAReleaseThatIsNeverReadyIsStillTakenBack(t *testing.T) {
	w, first, second := running(t, "is never ready in service")
	require.Error(t, w.stopped(t))
	w.limits.Start = 10 * time.Second
	require.ErrorContains(t, w.update(t), "release "+first+" runs again")
	require.Equal(t, first, host.Current())
	require.Equal(t, second, rolled(t).Failed.Release)
	require.Contains(t, rolled(t).Failed.Reason, "it is not ready: database: it is locked")
}

func TestAStoppedUpdateThatIsTakenBackByThePointerIsUndone(t *testing.T) {
	w, first, _ := begun(t, "")
	require.Error(t, w.stopped(t))
	w.point(first)
	restarts := w.restarts(t)
	require.NoError(t, w.update(t))
	require.Equal(t, first, host.Current())
	require.Equal(t, restarts+1, w.restarts(t), "the second release may run by now")
}

// killed runs an update in a process of its own, which the program of a release
// kills after the link was switched and before the service is restarted.
func (w *world) killed(t *testing.T, version, behaviour string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(w.root, "kill"), []byte(version), 0o600))
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), "LABLINK_UPDATE_TO="+w.pointer, "LABLINK_SECOND="+behaviour, "LABLINK_PROGRAM="+w.program)
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(t, err, &exit, "%v: %s", err, out)
	require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal(), "%s", out)
}

// dieHere updates and does not come back, in the process that is to be killed. In
// any other it does nothing.
func dieHere(t *testing.T) {
	t.Helper()
	pointer := os.Getenv("LABLINK_UPDATE_TO")
	if pointer == "" {
		return
	}
	w := &world{root: os.Getenv("LABLINK_ROOT"), objects: map[string][]byte{}, pointer: pointer, set: 1, limits: patient, program: os.Getenv("LABLINK_PROGRAM")}
	w.publish(t, "v1")
	w.publish(t, "v2", os.Getenv("LABLINK_SECOND"))
	t.Fatal("it was not killed:", w.update(t))
}

func TestAnUpdateThatIsKilledBeforeTheRestartIsFinished(t *testing.T) {
	dieHere(t)
	w, _, second := begun(t, "")
	w.killed(t, "v2", "")
	require.Equal(t, second, host.Current(), "the link is switched")
	require.Zero(t, w.restarts(t), "and the first release still runs")
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
	require.Equal(t, 1, w.restarts(t))
	require.NoError(t, w.update(t))
	require.Equal(t, 1, w.restarts(t), "now it is done")
}

func TestAnUpdateThatIsKilledWhileItGoesBackGoesBack(t *testing.T) {
	dieHere(t)
	w, first, _ := begun(t, "exits in service")
	w.killed(t, "v1", "exits in service")
	require.Equal(t, 1, w.restarts(t), "of the second release only")
	require.NoError(t, w.update(t))
	require.Equal(t, first, host.Current())
	require.Equal(t, 2, w.restarts(t))
	require.NoError(t, w.update(t))
	require.Equal(t, 2, w.restarts(t), "now it is done")
}
