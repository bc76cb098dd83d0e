package warden

import (
	"errors"
	"fmt"
	"os"

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
	return give(held, o, agent)
}

// give gives what is held to its owner.
func give(held *os.File, o owner, agent bool) error {
	info, err := held.Stat()
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSymlink != 0 {
		if agent {
			return fmt.Errorf("%s is a link, and is to be a folder", held.Name())
		}
		return chown(int(held.Fd()), held.Name(), o.uid, o.gid)
	}
	mode := info.Mode().Perm() &^ 0o007
	if info.IsDir() {
		mode |= os.ModeSetgid
	}
	if agent {
		mode = 0o750 | os.ModeSetgid
	}
	return errors.Join(chown(int(held.Fd()), held.Name(), o.uid, o.agents), os.Chmod(name(held), mode))
}

// ownAll gives what is in a folder to its owner.
func ownAll(dir string, o owner) error {
	return walkIn(dir, func(held *os.File) error { return give(held, o, false) })
}

// keepAll makes a folder, and all in it, root's, and closes it to everybody else.
func keepAll(dir string) error {
	return errors.Join(os.Lchown(dir, 0, 0), os.Chmod(dir, 0o700),
		walkIn(dir, func(held *os.File) error { return chown(int(held.Fd()), held.Name(), 0, 0) }))
}

// walkIn does something with all that is in a folder.
func walkIn(dir string, do func(held *os.File) error) error {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	return folder{f, dir}.walk(do)
}

// name is a path that leads to what is held, and to nothing else.
func name(held *os.File) string { return fmt.Sprintf("/proc/self/fd/%d", held.Fd()) }

func chown(fd int, path string, uid, gid int) error {
	if err := unix.Fchownat(fd, "", uid, gid, unix.AT_EMPTY_PATH); err != nil {
		return fmt.Errorf("give %s to its owner: %w", path, err)
	}
	return nil
}
