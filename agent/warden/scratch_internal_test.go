package warden

import (
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// disks mounts what a machine has, as the kernel tells it.
const disks = `22 1 259:1 / / rw,relatime shared:1 - ext4 /dev/root rw
24 22 0:22 / /proc rw,nosuid - proc proc rw
25 22 0:23 / /dev/scratch rw - tmpfs tmpfs rw
36 22 259:3 / /opt/dlami/nvme rw,relatime shared:17 - xfs /dev/nvme1n1 rw
37 22 259:4 / /data\040one rw,relatime shared:18 master:3 - ext4 /dev/nvme2n1 rw
38 22 259:5 / /closed ro,relatime shared:19 - ext4 /dev/nvme3n1 ro
39 22 0:44 / /far rw - nfs4 server:/far rw
41 22 259:5 / /broken rw,relatime shared:19 - ext4 /dev/nvme4n1 ro,errors=remount-ro
42 22 259:1 /etc/release /etc/mounted rw - ext4 /dev/root rw
40 22 7:1 / /snap rw - squashfs /dev/loop1 ro
this is no line
`

// machineWith has folders, world-writable where they end with a !, and the disks above.
func machineWith(t *testing.T, folders ...string) {
	t.Helper()
	t.Setenv("LABLINK_ROOT", t.TempDir())
	require.NoError(t, os.MkdirAll(host.Path("/proc/self"), 0o755))
	require.NoError(t, os.WriteFile(host.Path("/proc/self/mountinfo"), []byte(disks), 0o600))
	require.NoError(t, os.Chmod(host.Path("/"), 0o755))
	require.NoError(t, host.WriteFile(keptFile, nil, 0o600))
	require.NoError(t, host.WriteFile("/etc/mounted", nil, 0o644)) // a file is mounted there
	for _, dir := range folders {
		mode := os.FileMode(0o755)
		if dir[len(dir)-1] == '!' {
			dir, mode = dir[:len(dir)-1], 0o777|os.ModeSticky
		}
		require.NoError(t, os.MkdirAll(host.Path(dir), 0o755))
		require.NoError(t, os.Chmod(host.Path(dir), mode))
		leave(t, dir)
	}
}

// leave leaves a file and a folder.
func leave(t *testing.T, dir string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(host.Path(dir+"/mine/deep"), 0o700))
	require.NoError(t, os.WriteFile(host.Path(dir+"/file"), nil, 0o600))
}

func TestWhatIsLeftOnDisksForEverybodyIsRemoved(t *testing.T) {
	own := "/run/user/" + strconv.Itoa(os.Getuid())
	cleared := []string{"/scratch", "/opt/dlami/nvme", "/data one", "/tmp", own}
	machineWith(t, "/scratch!", "/opt/dlami/nvme!", "/data one!", "/tmp!", own, "/srv", "/closed/shared!", "/broken!", "/broken/shared!", "/far!", "/far/shared!", "/snap/shared!", "/dev/scratch/shared!", "/opt/other!")
	require.NoError(t, os.Symlink(host.Path("/srv"), host.Path("/scratch/link")))
	require.NoError(t, os.Symlink(host.Path("/opt/other"), host.Path("/linked")))
	require.NoError(t, forget(os.Getuid(), func() error { return nil }))
	for _, dir := range cleared {
		require.Empty(t, seen(t, dir), dir)
	}
	for _, dir := range []string{"/srv", "/opt/other", "/closed/shared", "/broken", "/broken/shared", "/far", "/far/shared", "/snap/shared", "/dev/scratch/shared"} {
		require.FileExists(t, host.Path(dir+"/file"), "it is not for everybody, or at no local disk's top")
	}
}

// seen is what people find in a folder.
func seen(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(host.Path(dir))
	require.NoError(t, err)
	for _, e := range entries {
		if e.Name() != scratchGone {
			names = append(names, e.Name())
		}
	}
	return names
}

func TestFoldersBelowADisksTopAreCleared(t *testing.T) {
	machineWith(t, "/data one", "/data one/shared!", "/data one/more/deeper!")
	require.NoError(t, forget(os.Getuid(), func() error { return nil }))
	require.NoFileExists(t, host.Path("/data one/shared/file"))
	require.FileExists(t, host.Path("/data one/file"), "that is for its owner alone")
	require.FileExists(t, host.Path("/data one/more/deeper/file"))
}

func TestAnothersFilesStay(t *testing.T) {
	machineWith(t, "/scratch!", "/run/user/4711")
	require.NoError(t, forget(os.Getuid()+1, func() error { return nil }))
	require.FileExists(t, host.Path("/scratch/file"))
	require.FileExists(t, host.Path("/run/user/4711/file"))
}

// set is what is kept, by paths on the machine.
func set(t *testing.T, uid int) (kept []string) {
	t.Helper()
	require.NoError(t, keepScratch(uid, func(held *os.File) error {
		kept = append(kept, held.Name())
		return nil
	}))
	slices.Sort(kept)
	return kept
}

func TestWhatWasSetUpOnADiskIsRootsFromThenOn(t *testing.T) {
	machineWith(t, "/scratch!", "/tmp!", "/srv")
	require.Equal(t, []string{"/scratch/file", "/scratch/mine", "/scratch/mine/deep"}, set(t, os.Getuid()))
	require.Empty(t, set(t, os.Getuid()+1))
}

// A program of the user's may put a link in the place of a folder at any time.
func TestALinkInAFoldersPlaceLeadsNowhere(t *testing.T) {
	machineWith(t, "/scratch!", "/srv")
	var kept []string
	require.NoError(t, keepScratch(os.Getuid(), func(held *os.File) error {
		kept = append(kept, held.Name())
		if held.Name() == "/scratch/mine" {
			require.NoError(t, os.Rename(host.Path("/scratch/mine"), host.Path("/srv/away")))
			require.NoError(t, os.Symlink(host.Path("/srv"), host.Path("/scratch/mine")))
		}
		return nil
	}))
	slices.Sort(kept)
	require.Equal(t, []string{"/scratch/file", "/scratch/mine", "/scratch/mine/deep"}, slices.Compact(kept))
	require.NoError(t, forget(os.Getuid(), func() error { return nil }))
	require.FileExists(t, host.Path("/srv/file"))
}

func TestNobodyWaitsForAWholeDisk(t *testing.T) {
	machineWith(t, "/opt/dlami/nvme!")
	require.NoError(t, forget(os.Getuid(), func() error { return nil }))
	gone := "/opt/dlami/nvme/" + scratchGone
	require.Equal(t, os.ModeDir|0o700, mode(t, host.Path(gone)), "nobody looks into it")
	require.Len(t, seen(t, gone), 2)
	w := &Warden{Say: func(what string, err error) { t.Error(what, err) }}
	w.Sweep()
	require.Empty(t, seen(t, gone))
	require.NoError(t, os.RemoveAll(host.Path(gone)))
	require.NoError(t, os.WriteFile(host.Path(gone), nil, 0o600))
	leave(t, "/opt/dlami/nvme")
	require.NoError(t, forget(os.Getuid(), func() error { return nil }))
	require.Empty(t, seen(t, "/opt/dlami/nvme"), "what cannot be moved is removed where it is")
}

func TestWhatIsKeptCanBeReadAndNothingOfItRunsAsRoot(t *testing.T) {
	machineWith(t, "/scratch!")
	f, err := openFolder("/scratch")
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, os.Chmod(host.Path("/scratch/file"), os.ModeSetuid|0o700))
	require.NoError(t, os.WriteFile(host.Path("/scratch/mine/data"), nil, 0o600))
	require.NoError(t, os.Symlink("/etc/passwd", host.Path("/scratch/mine/link")))
	require.NoError(t, f.walk(func(held *os.File) error { return keepForAll(held, os.Getgid()) }))
	for path, want := range map[string]os.FileMode{"file": 0o750, "mine": os.ModeDir | 0o750, "mine/data": 0o640} {
		require.Equal(t, want, mode(t, host.Path("/scratch/"+path)), path)
	}
}

// A release before this one may have set the machine up, and kept nothing of it as root's.
func TestWhatNobodyKeptOnADiskIsLeftAlone(t *testing.T) {
	machineWith(t, "/scratch!", "/tmp!")
	require.NoError(t, os.Remove(host.Path(keptFile)))
	require.NoError(t, forget(os.Getuid(), func() error { return nil }))
	require.FileExists(t, host.Path("/scratch/file"))
	require.Empty(t, seen(t, "/tmp"))
}

func TestManyThingsHideNothing(t *testing.T) {
	machineWith(t, "/scratch!", "/data one", "/data one/zz-shared!")
	for i := range 2 * piece {
		require.NoError(t, os.Mkdir(host.Path("/data one/"+strconv.Itoa(i)), 0o700))
		require.NoError(t, os.Mkdir(host.Path("/scratch/"+strconv.Itoa(i)), 0o700))
	}
	require.NoError(t, forget(os.Getuid(), func() error { return nil }))
	require.Empty(t, seen(t, "/scratch"))
	require.Empty(t, seen(t, "/data one/zz-shared"))
}
