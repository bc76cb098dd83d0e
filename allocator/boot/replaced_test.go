package boot_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// replace puts a new host in the place of one: all that it has of that one are the
// data.
func (w *world) replace(t *testing.T) {
	t.Helper()
	endService(w.root)
	next := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(next, boot.DataDir)), 0o755))
	require.NoError(t, os.Rename(filepath.Join(w.root, boot.DataDir), filepath.Join(next, boot.DataDir)))
	w.root = next
	t.Setenv("LABLINK_ROOT", next)
	t.Cleanup(func() { endService(next) })
}

func TestANewHostDoesNotRunWhatTheOneBeforeGaveUp(t *testing.T) {
	w, first, second := running(t, "exits in service")
	require.Error(t, w.update(t))
	given := rolled(t)
	w.replace(t)
	require.NoError(t, w.bootstrap(t, second), "which the pointer names")
	require.Equal(t, first, host.Current())
	require.Equal(t, "v1 units\n", w.read(t, "program.log"), "the units are its own, and nothing ran of the other one")
	require.NoError(t, w.update(t))
	require.Equal(t, "v1 units\n", w.read(t, "program.log"), "it is known to be bad")
	require.Equal(t, first, host.Current())
	require.Equal(t, given, rolled(t), "why is told as before")

	w.point(second) // the same one, set anew
	require.ErrorContains(t, w.update(t), "release "+first+" runs again")
}

func TestANewHostRehearsesWhatTheOneBeforeNeverRan(t *testing.T) {
	w, _, second := running(t, "")
	require.NoError(t, w.update(t))
	require.NoError(t, w.update(t), "which sees that it serves")
	w.replace(t)
	third, fourth := w.publish(t, "v3", "is never ready in rehearsal"), w.publish(t, "v4")
	w.limits.Rehearsal = 3 * time.Second
	w.point(third)
	require.NoError(t, w.bootstrap(t, third))
	require.Equal(t, second, host.Current())
	require.Contains(t, w.said.String(), "starting with release "+second+", which served last")
	require.ErrorContains(t, w.update(t), "release "+second+" goes on")
	require.Equal(t, third, rolled(t).Failed.Release)

	w.limits.Rehearsal = patient.Rehearsal
	w.point(fourth)
	require.NoError(t, w.update(t))
	require.Equal(t, fourth, host.Current())
}

func TestANewHostWhoseLastReleaseCannotBeHadRunsTheOneThatThePointerNames(t *testing.T) {
	for name, spoil := range map[string]func(w *world, rollout string){
		"it was changed":          func(w *world, _ string) { w.objects["artifacts/v1"] = nil },
		"it is no release":        func(_ *world, rollout string) { write(t, rollout, `{"served": "../../etc"}`) },
		"nobody knows it":         func(_ *world, rollout string) { write(t, rollout, "{}") },
		"what is known is spoilt": func(_ *world, rollout string) { write(t, rollout, "{") },
	} {
		t.Run(name, func(t *testing.T) {
			w, _, second := running(t, "")
			require.NoError(t, w.update(t))
			w.replace(t)
			spoil(w, filepath.Join(w.root, boot.DataDir, "rollout.json"))
			require.NoError(t, w.bootstrap(t, second))
			require.Equal(t, second, host.Current())
			require.NoError(t, w.update(t))
			require.Equal(t, api.Rollout{Wanted: second}, rolled(t))
		})
	}
}

func write(t *testing.T, file, content string) {
	t.Helper()
	require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
}

func TestANewHostSeesThatItsVolumeWasMadeOfASnapshot(t *testing.T) {
	w := newWorld(t)
	sum := w.publish(t, "v1")
	require.NoError(t, w.bootstrap(t, sum))
	w.replace(t)
	require.NoError(t, w.bootstrap(t, sum))
	require.NoFileExists(t, boot.RestoredFile(filepath.Join(w.root, boot.DataDir)), "it is the same volume")
	w.replace(t)
	device := filepath.Join(w.root, "dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_vol0456")
	require.NoError(t, os.MkdirAll(device, 0o755))
	again := func() {
		require.NoError(t, boot.Bootstrap(t.Context(), &w.said, boot.Config{Region: "us-west-2", Pointer: "/p", Bucket: "b"}, sum, "vol-0456", w))
	}
	again()
	require.Equal(t, "a snapshot of vol-0123\n", w.read(t, boot.RestoredFile(boot.DataDir)))
	require.NoError(t, os.Remove(boot.RestoredFile(filepath.Join(w.root, boot.DataDir)))) // as the allocator does
	again()
	require.NoFileExists(t, boot.RestoredFile(filepath.Join(w.root, boot.DataDir)), "once")
}

// The folder is the service's, which may be broken into.
func TestRootReadsNothingElseForTheVolumeThatTheDataWereOn(t *testing.T) {
	for name, plant := range map[string]func(w *world, file string) error{
		"a link": func(w *world, file string) error {
			secret := filepath.Join(w.root, "secret")
			return errors.Join(os.WriteFile(secret, []byte("vol-0999"), 0o600), os.Symlink(secret, file))
		},
		"another text":      func(_ *world, file string) error { return os.WriteFile(file, []byte("root:$6$x:"), 0o600) },
		"a volume and more": func(_ *world, file string) error { return os.WriteFile(file, []byte("vol-0999\nand more"), 0o600) },
		"far too much": func(_ *world, file string) error {
			return errors.Join(os.WriteFile(file, []byte("vol-0999\n"), 0o600), os.Truncate(file, 1<<40))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			sum, data := w.publish(t, "v1"), filepath.Join(w.root, boot.DataDir)
			require.NoError(t, os.MkdirAll(data, 0o755))
			file := filepath.Join(data, "volume")
			require.NoError(t, plant(w, file))
			require.NoError(t, w.bootstrap(t, sum))
			require.NoFileExists(t, boot.RestoredFile(data))
			info, err := os.Lstat(file)
			require.NoError(t, err)
			require.True(t, info.Mode().IsRegular())
			require.Equal(t, "vol-0123\n", w.read(t, filepath.Join(boot.DataDir, "volume")))
		})
	}
}
