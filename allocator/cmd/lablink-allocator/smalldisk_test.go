package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const roomy = "size=1g"

// volume is a file system of its own, in memory, which takes no more than a test says.
type volume struct{ folder string }

// mountVolume mounts one: as root, by sudo where that asks nothing, or, where a test was
// begun again for it, as root of a namespace of its own.
func mountVolume(t *testing.T) volume {
	t.Helper()
	v := volume{t.TempDir()}
	require.NoError(t, mount("tmpfs", v.folder, 0, fmt.Sprintf("%s,uid=%d,mode=0700", roomy, os.Getuid())))
	t.Cleanup(func() {
		err := syscall.Unmount(v.folder, syscall.MNT_DETACH)
		if errors.Is(err, syscall.EPERM) {
			err = exec.Command("sudo", "-n", "umount", "--lazy", v.folder).Run()
		}
		require.NoError(t, err)
	})
	return v
}

func mount(kind, folder string, flags uintptr, options string) error {
	err := syscall.Mount(kind, folder, kind, flags, options)
	if !errors.Is(err, syscall.EPERM) {
		return err
	}
	if flags == syscall.MS_REMOUNT {
		options += ",remount"
	}
	out, err := exec.Command("sudo", "-n", "mount", "-t", kind, "-o", options, kind, folder).CombinedOutput()
	if err != nil {
		return fmt.Errorf("mount a small file system: %w: %s", err, out)
	}
	return nil
}

// fill leaves no room on the volume, and free makes some.
func (v volume) fill(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { // more may be used meanwhile
		var is syscall.Statfs_t
		require.NoError(t, syscall.Statfs(v.folder, &is))
		used := (is.Blocks - is.Bfree) * uint64(is.Bsize)
		return mount("tmpfs", v.folder, syscall.MS_REMOUNT, fmt.Sprintf("size=%d", used)) == nil
	}, time.Minute, time.Millisecond)
}

func (v volume) free(t *testing.T) {
	t.Helper()
	require.NoError(t, mount("tmpfs", v.folder, syscall.MS_REMOUNT, roomy))
}

// apart reports whether the test runs where it may mount. Where it may not, it is run
// again as root of a namespace of its own, and nothing is left to do here.
func apart(t *testing.T) bool {
	t.Helper()
	const begun = "LABLINK_TEST_APART"
	if os.Getuid() == 0 || os.Getenv(begun) != "" || exec.Command("sudo", "-n", "true").Run() == nil {
		return true
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), begun+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}, GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "run as root, or let this user mount by sudo or in a user namespace (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0):\n%s", out)
	return false
}
