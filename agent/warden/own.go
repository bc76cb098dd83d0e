package warden

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// owner is whose things are: a user's, and the agent's group's where it looks.
type owner struct{ uid, gid, agents int }

// own gives what is at a path to its owner. It is held meanwhile, and not named again: a
// name may lead elsewhere by then.
func own(path string, o owner, agent bool) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("find %s: %w", path, err)
	}
	held := os.NewFile(uintptr(fd), path)
	defer held.Close()
	info, err := held.Stat()
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSymlink != 0 {
		if agent {
			return fmt.Errorf("%s is a link, and is to be a folder", path)
		}
		return chown(fd, path, o.uid, o.gid)
	}
	mode := info.Mode().Perm() &^ 0o007
	if info.IsDir() {
		mode |= os.ModeSetgid
	}
	if agent {
		mode = 0o750 | os.ModeSetgid
	}
	return errors.Join(chown(fd, path, o.uid, o.agents), os.Chmod(fmt.Sprintf("/proc/self/fd/%d", fd), mode))
}

// ownAll gives what is in a folder to its owner.
func ownAll(dir string, o owner) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		return own(path, o, false)
	})
}

func chown(fd int, path string, uid, gid int) error {
	if err := unix.Fchownat(fd, "", uid, gid, unix.AT_EMPTY_PATH); err != nil {
		return fmt.Errorf("give %s to the session: %w", path, err)
	}
	return nil
}
