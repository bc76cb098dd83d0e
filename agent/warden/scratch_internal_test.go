package warden

import (
	"os"
	"path/filepath"
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
	machineWith(t, "/scratch!", "/opt/dlami/nvme!", "/data one!", "/tmp!", own, "/srv", "/closed/shared!", "/far!", "/far/shared!", "/snap/shared!", "/dev/scratch/shared!", "/opt/other!")
	require.NoError(t, os.Symlink(host.Path("/srv"), host.Path("/scratch/link")))
	require.NoError(t, os.Symlink(host.Path("/opt/other"), host.Path("/linked")))
	require.NoError(t, forget(os.Getuid(), func() error { return nil }))
	for _, dir := range cleared {
		entries, err := os.ReadDir(host.Path(dir))
		require.NoError(t, err)
		require.Empty(t, entries, dir)
	}
	for _, dir := range []string{"/srv", "/opt/other", "/closed/shared", "/far", "/far/shared", "/snap/shared", "/dev/scratch/shared"} {
		require.FileExists(t, host.Path(dir+"/file"), "it is not for everybody, or at no local disk's top")
	}
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

func TestWhatWasSetUpOnADiskIsRootsFromThenOn(t *testing.T) {
	machineWith(t, "/scratch!", "/tmp!", "/srv")
	var kept []string
	require.NoError(t, keepScratch(os.Getuid(), func(path string) error {
		rest, err := filepath.Rel(host.Path("/"), path)
		kept = append(kept, rest)
		return err
	}))
	require.Equal(t, []string{"scratch/file", "scratch/mine", "scratch/mine/deep"}, kept)
	kept = nil
	require.NoError(t, keepScratch(os.Getuid()+1, func(string) error { kept = append(kept, "x"); return nil }))
	require.Empty(t, kept)
}
