package warden

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// piece is how many names of a folder are read at once: somebody may have made millions.
const piece = 1000

// folder is one that is held open. What is in it is reached through it, and not by a path,
// which may lead elsewhere by then. No way leads from it to where something else is mounted:
// that may be another computer's.
type folder struct {
	*os.File
	at string // where it is on the machine
}

// openFolder opens a folder whose path nobody but root can change.
func openFolder(at string) (folder, error) {
	f, err := os.OpenFile(host.Path(at), os.O_RDONLY|unix.O_DIRECTORY, 0)
	return folder{f, at}, err
}

// open opens a folder in a folder.
func (f folder) open(name string) (folder, error) {
	in, err := f.reach(name, unix.O_RDONLY|unix.O_DIRECTORY)
	return folder{in, filepath.Join(f.at, name)}, err
}

// hold holds whatever has a name, a link too, by no more than that.
func (f folder) hold(name string) (*os.File, error) { return f.reach(name, unix.O_PATH) }

func (f folder) reach(name string, how uint64) (*os.File, error) {
	fd, err := unix.Openat2(int(f.Fd()), name, &unix.OpenHow{
		Flags:   how | unix.O_NOFOLLOW | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS | unix.RESOLVE_NO_XDEV,
	})
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: filepath.Join(f.at, name), Err: err}
	}
	return os.NewFile(uintptr(fd), filepath.Join(f.at, name)), nil
}

// look is what has a name. No other computer is asked for that.
func (f folder) look(name string) (is unix.Statx_t, err error) {
	err = unix.Statx(int(f.Fd()), name, unix.AT_SYMLINK_NOFOLLOW|unix.AT_NO_AUTOMOUNT|unix.AT_STATX_DONT_SYNC, unix.STATX_BASIC_STATS, &is)
	return is, err
}

// each does something with each name in the folder. What was gone by then, or is mounted
// there, is passed over.
func (f folder) each(do func(name string) error) error {
	var failed error
	for {
		names, err := f.Readdirnames(piece)
		for _, name := range names {
			if err := do(name); !passed(err) {
				failed = errors.Join(failed, err)
			}
		}
		if errors.Is(err, io.EOF) {
			return failed
		}
		if err != nil {
			return errors.Join(failed, err)
		}
	}
}

// eachOf does something with each name in the folder that belongs to a user.
func (f folder) eachOf(uid int, do func(name string) error) error {
	return f.each(func(name string) error {
		is, err := f.look(name)
		if err != nil || is.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0 || int64(is.Uid) != int64(uid) {
			return err
		}
		return do(name)
	})
}

// walk does something with all that is in the folder, at any depth.
func (f folder) walk(do func(held *os.File) error) error {
	return f.each(func(name string) error { return f.walkAt(name, do) })
}

// walkAt does something with what has a name in the folder, and with all that is in that.
func (f folder) walkAt(name string, do func(held *os.File) error) error {
	held, err := f.hold(name)
	if err != nil {
		return err
	}
	defer held.Close()
	info, err := held.Stat()
	if err == nil {
		err = do(held)
	}
	if err != nil || !info.IsDir() {
		return err
	}
	in, err := folder{held, filepath.Join(f.at, name)}.open(".")
	if err != nil {
		return err
	}
	defer in.Close()
	return in.walk(do)
}

// remove removes what has a name in the folder, with all that is in it. What is mounted
// below stays, with the way to it.
func (f folder) remove(name string) error {
	err := unix.Unlinkat(int(f.Fd()), name, 0)
	if errors.Is(err, unix.EISDIR) || errors.Is(err, unix.EPERM) {
		err = f.removeFolder(name)
	}
	if err != nil && !passed(err) {
		return fmt.Errorf("remove %s: %w", filepath.Join(f.at, name), err)
	}
	return nil
}

// removePath removes what is at a path that nobody but root can change.
func removePath(at string) error {
	f, err := openFolder(filepath.Dir(at))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.remove(filepath.Base(at)), f.Close())
}

func (f folder) removeFolder(name string) error {
	in, err := f.open(name)
	if err != nil {
		return err
	}
	err = errors.Join(in.each(in.remove), in.Close())
	if err != nil {
		return err
	}
	err = unix.Unlinkat(int(f.Fd()), name, unix.AT_REMOVEDIR)
	if errors.Is(err, unix.ENOTEMPTY) && mountedBelow(in.at) {
		return nil
	}
	return err
}

// passed reports whether an error says no more than that something is gone already, is
// mounted there, or is on a disk that became read-only.
func passed(err error) bool {
	for _, is := range []error{unix.ENOENT, unix.EXDEV, unix.EBUSY, unix.EROFS} {
		if errors.Is(err, is) {
			return true
		}
	}
	return err == nil
}
