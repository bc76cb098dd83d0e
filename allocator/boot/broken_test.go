package boot_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

// rolled is what the host says of its rollout.
func rolled(t *testing.T) api.Rollout {
	t.Helper()
	r, err := boot.Rollout()
	require.NoError(t, err)
	return r
}

// running has a host whose first release serves, and a second one that behaves.
func running(t *testing.T, behaviour string) (w *world, first, second string) {
	t.Helper()
	w = newWorld(t)
	zero, first, second := w.publish(t, "v0"), w.publish(t, "v1"), w.publish(t, "v2", behaviour)
	require.NoError(t, w.bootstrap(t, zero))
	w.point(first)
	require.NoError(t, w.update(t))
	require.Equal(t, 1, w.restarts(t))
	w.point(second)
	return w, first, second
}

func TestAReleaseThatFailsItsRehearsalNeverServes(t *testing.T) {
	for behaviour, reason := range map[string]string{
		"exits":          "its rehearsal ended before it was ready (exit status 1): lablink-allocator: migrate the database: no such table: seats",
		"hangs":          "its rehearsal was not ready within 3s: it does not answer",
		"is never ready": "its rehearsal was not ready within 10s: it is not ready: database: it is locked",
	} {
		t.Run(behaviour, func(t *testing.T) {
			w, first, second := running(t, behaviour)
			switch behaviour {
			case "hangs":
				w.limits.Rehearsal = 3 * time.Second
			case "is never ready": // which it is to say first
				w.limits.Rehearsal = 10 * time.Second
			}
			require.ErrorContains(t, w.update(t), "release "+first+" goes on")
			require.Equal(t, first, host.Current())
			require.Equal(t, 1, w.restarts(t), "what serves was not touched")
			r := rolled(t)
			require.Equal(t, r.Wanted, second)
			require.Equal(t, second, r.Failed.Release)
			require.Contains(t, r.Failed.Reason, reason)
			require.WithinDuration(t, time.Now(), r.Failed.At, time.Minute)
			require.NoDirExists(t, filepath.Join(w.root, boot.RehearsalDir(boot.DataDir)))
			require.NoDirExists(t, filepath.Join(w.root, host.ReleaseDir(second)))
		})
	}
}

// Other hosts run the release before for a while, and so does this one again where
// the new one is given up.
func TestAReleaseWhoseMigrationsTheOneBeforeDoesNotBearNeverServes(t *testing.T) {
	w, first, second := running(t, "takes away in rehearsal")
	note(filepath.Join(w.root, "shared"), "")
	require.ErrorContains(t, w.update(t), "release "+first+" goes on")
	require.Equal(t, first, host.Current())
	require.Equal(t, 1, w.restarts(t), "what serves was not touched")
	r := rolled(t)
	require.Equal(t, second, r.Failed.Release)
	require.Contains(t, r.Failed.Reason, "the release before cannot work with what its migrations make of the data")
	require.Contains(t, r.Failed.Reason, "no such column: seats.email")
	require.FileExists(t, filepath.Join(w.root, "dropped.log"), "the copy in the database was removed")
}

func TestAReleaseThatFailsInServiceIsTakenBack(t *testing.T) {
	for behaviour, reason := range map[string]string{
		"exits in service":             "it did not start: ",
		"hangs in service":             "it was not ready within 10s",
		"is never ready in service":    "it was not ready within 10s: it is not ready: database: it is locked",
		"ends in service":              "after it was ready",
		"gets out of order in service": "after it was ready: it is not ready: database: it is locked",
	} {
		t.Run(behaviour, func(t *testing.T) {
			w, first, second := running(t, behaviour)
			w.limits.Watch = time.Minute
			switch behaviour {
			case "hangs in service", "is never ready in service":
				w.limits.Start = 10 * time.Second // which the first one has too, when it comes back
			case "gets out of order in service":
				w.limits.Silence = 2 * time.Second // of which one that is not answered may take half
			}
			require.ErrorContains(t, w.update(t), "release "+first+" runs again")
			require.Equal(t, first, host.Current())
			require.Equal(t, 3, w.restarts(t))
			require.Contains(t, w.read(t, "systemctl.log"), "kill --signal=SIGKILL lablink-allocator.service")
			r := rolled(t)
			require.Equal(t, second, r.Failed.Release)
			require.Contains(t, r.Failed.Reason, reason)
		})
	}
}

func TestABadReleaseIsTriedAgainWhenThePointerIsSet(t *testing.T) {
	w, first, second := running(t, "exits in service")
	require.Error(t, w.update(t))
	log := w.read(t, "program.log")
	require.NoError(t, w.update(t), "it is known to be bad")
	require.Equal(t, log, w.read(t, "program.log"))

	w.point(second) // the same one, set anew
	require.ErrorContains(t, w.update(t), "release "+first+" runs again")

	w.point(first)
	require.NoError(t, w.update(t))
	require.Equal(t, api.Rollout{Wanted: first}, rolled(t), "what runs is wanted, so nothing failed")

	third := w.publish(t, "v3")
	w.point(third)
	require.NoError(t, w.update(t), "another one is tried")
	require.Equal(t, third, host.Current())
	require.Equal(t, api.Rollout{Wanted: third}, rolled(t))
}

func TestNothingIsRunThatHasTheWrongSum(t *testing.T) {
	for name, c := range map[string]struct {
		reason string
		spoil  func(w *world, sum string)
	}{
		"the manifest": {"it was changed or cut short", func(w *world, sum string) {
			w.objects[release.Key(sum)] = append(w.objects[release.Key(sum)], ' ')
		}},
		"the program":      {"it was changed or cut short", func(w *world, _ string) { w.objects["artifacts/v2"] = []byte("#!/bin/sh\nrm -rf /\n") }},
		"the settings":     {"it was changed or cut short", func(w *world, _ string) { w.objects["settings/v2"] = []byte("{}") }},
		"no manifest":      {"bucket b: there is no such object", func(w *world, sum string) { delete(w.objects, release.Key(sum)) }},
		"no program":       {"bucket b: there is no such object", func(w *world, _ string) { delete(w.objects, "artifacts/v2") }},
		"another computer": {"the pointer holds no release", func(w *world, _ string) { w.point("../../etc/lablink") }},
	} {
		t.Run(name, func(t *testing.T) {
			w, first, second := running(t, "")
			c.spoil(w, second)
			require.Error(t, w.update(t))
			require.Equal(t, first, host.Current())
			require.Equal(t, 1, w.restarts(t))
			require.NotContains(t, w.read(t, "program.log"), "v2")
			require.Contains(t, rolled(t).Failed.Reason, c.reason)
			require.FileExists(t, filepath.Join(w.root, "etc/lablink/host.json"))
			require.NoError(t, w.update(t), "it is known to be bad")
		})
	}
}

func TestABucketThatIsAwaySaysNothingOfTheRelease(t *testing.T) {
	w, first, second := running(t, "")
	w.away = true
	require.ErrorContains(t, w.update(t), "it is away")
	r := rolled(t)
	require.Nil(t, r.Failed)
	require.Contains(t, r.Waiting, "it is away")
	require.Equal(t, first, host.Current())
	w.away = false
	require.NoError(t, w.update(t))
	require.Equal(t, second, host.Current())
	require.Equal(t, api.Rollout{Wanted: second}, rolled(t))
}

// Whether there is room and time for a copy of the data is the host's matter: the
// release is tried again.
func TestAHostThatCannotCopyItsDataSaysNothingOfTheRelease(t *testing.T) {
	for reason, want := range map[string]string{
		"the data volume has 3 MiB free": "no copy of the databases for its rehearsal (exit status 1): lablink-allocator: the data volume has 3 MiB free",
		"":                               "a copy of the databases for its rehearsal was not made within 200ms",
	} {
		t.Run(want, func(t *testing.T) {
			w, first, second := running(t, "")
			full := filepath.Join(w.root, "no-copy")
			write(t, full, reason)
			w.limits.Copy = 200 * time.Millisecond
			if reason != "" {
				w.limits.Copy = time.Minute
			}
			for range 2 {
				require.ErrorContains(t, w.update(t), want)
				require.Equal(t, api.Rollout{Wanted: second, Waiting: want}, rolled(t))
			}
			require.Equal(t, first, host.Current())
			require.Equal(t, 1, w.restarts(t))
			require.NotContains(t, w.read(t, "program.log"), "v2")

			require.NoError(t, os.Remove(full))
			w.limits.Copy = time.Minute
			require.NoError(t, w.update(t))
			require.Equal(t, second, host.Current())
			require.Equal(t, api.Rollout{Wanted: second}, rolled(t))
		})
	}
}

func TestTheHostKeepsThreeReleases(t *testing.T) {
	w, _, second := running(t, "")
	require.NoError(t, w.update(t))
	sums := []string{second}
	for i := range 3 {
		sum := w.publish(t, fmt.Sprintf("v%d", i+3))
		sums = append(sums, sum)
		w.point(sum)
		require.NoError(t, w.update(t))
	}
	left, err := os.ReadDir(filepath.Join(w.root, host.ReleasesDir))
	require.NoError(t, err)
	var names []string
	for _, e := range left {
		names = append(names, e.Name())
	}
	require.ElementsMatch(t, sums[1:], names, "what runs, what ran before, and one more")
}
