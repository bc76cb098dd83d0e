package warden

import (
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// inside tells a test that it has what it needs to mount things: it runs in a program of its
// own, which has a namespace for that.
const inside = "LABLINK_TEST_MOUNTS"

func TestWhatIsMountedIsNeitherRemovedNorGivenToAnybody(t *testing.T) {
	if os.Getenv(inside) == "" {
		again(t)
		return
	}
	require.NoError(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	machineWith(t, "/scratch!", "/tmp!", "/elsewhere", "/tmp/mine/there", "/scratch/mine/there", "/run/user/0/there", goneDir+"/home/there")
	here := []string{"/tmp/mine/there", "/scratch/mine/there", "/run/user/0/there", goneDir + "/home/there"}
	for _, at := range here { // the same disk, and yet another place
		require.NoError(t, unix.Mount(host.Path("/elsewhere"), host.Path(at), "", unix.MS_BIND, ""))
		t.Cleanup(func() { require.NoError(t, unix.Unmount(host.Path(at), unix.MNT_DETACH)) })
		addMount(t, at)
	}
	var kept []string
	require.NoError(t, keepScratch(0, func(held *os.File) error { kept = append(kept, held.Name()); return nil }))
	require.NotContains(t, kept, "/scratch/mine/there/file")
	require.NotContains(t, kept, "/scratch/mine/there")
	require.Contains(t, kept, "/scratch/mine/deep")
	require.NoError(t, forget(0, func() error { return nil }))
	w := &Warden{Say: func(what string, err error) { t.Error(what, err) }}
	w.Sweep()
	require.FileExists(t, host.Path("/elsewhere/file"))
	for _, at := range here {
		require.FileExists(t, host.Path(at+"/file"), "the way to it stays")
	}
	for _, gone := range []string{"/tmp/mine/deep", "/scratch/mine/deep", goneDir + "/home/file", "/scratch/file"} {
		require.NoFileExists(t, host.Path(gone))
		require.NoDirExists(t, host.Path(gone))
	}
}

// addMount tells the machine's mounts of one more.
func addMount(t *testing.T, at string) {
	t.Helper()
	f, err := os.OpenFile(host.Path("/proc/self/mountinfo"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString("50 22 0:99 / " + at + " rw - nfs4 server:/x rw\n")
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// again runs this test in a user's and a mount's namespace of its own.
func again(t *testing.T) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inside+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}
