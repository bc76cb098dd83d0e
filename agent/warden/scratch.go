package warden

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"

	"golang.org/x/sys/unix"
)

// eachScratch does something with each of the folders beside the known ones in which everybody
// may leave things: the top of each local disk, where they may, and then the folders right
// below it. It is how instance stores are used.
func (m mounts) eachScratch(do func(top, f folder) error) error {
	var failed error
	for _, at := range m.local {
		top, err := openFolder(at)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.ENOTDIR) {
			continue // it is mounted no more, its owner's alone, as FUSE's are, or a file
		}
		if err == nil {
			err = errors.Join(top.scratch(m, do), top.Close())
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// scratch does something with a disk's top, and then with what is below it still: somebody may
// have made more there than anybody looks through.
func (f folder) scratch(m mounts, do func(top, f folder) error) error {
	failed := f.ifForAll(f, do)
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return errors.Join(failed, err)
	}
	return errors.Join(failed, f.each(func(name string) error {
		if slices.Contains(m.all, path.Join(f.at, name)) {
			return nil
		}
		is, err := f.look(name)
		if err != nil || is.Mode&unix.S_IFMT != unix.S_IFDIR || is.Mode&0o002 == 0 {
			return err
		}
		in, err := f.open(name)
		if err != nil {
			return err
		}
		return errors.Join(in.ifForAll(f, do), in.Close())
	}))
}

// ifForAll does something with a folder that everybody may write to, and that is none of the
// known ones.
func (f folder) ifForAll(top folder, do func(top, f folder) error) error {
	if slices.Contains(left, f.at) || slices.Contains(jobs, f.at) {
		return nil
	}
	info, err := f.Stat()
	if err != nil || info.Mode().Perm()&0o002 == 0 {
		return err
	}
	return do(top, f)
}

// keepScratch does something with what a user left in scratch folders, and all in it.
func keepScratch(uid int, keep func(held *os.File) error) error {
	m, err := mounted()
	if err != nil {
		return err
	}
	return m.eachScratch(func(_, f folder) error {
		return f.eachOf(uid, func(name string) error { return f.walkAt(name, keep) })
	})
}

// keepForAll makes something root's, and lets its group read it. A disk that knows of no
// owners, or lets nothing be changed, is left as it is.
func keepForAll(held *os.File, gid int) error {
	info, err := held.Stat()
	if err == nil {
		err = chown(int(held.Fd()), held.Name(), 0, gid)
	}
	if err == nil && info.Mode()&os.ModeSymlink == 0 {
		err = os.Chmod(name(held), readable(info))
	}
	for _, is := range []error{unix.EPERM, unix.EROFS, unix.EOPNOTSUPP, unix.EINVAL, unix.ENOENT} {
		if errors.Is(err, is) {
			return nil
		}
	}
	return err
}

// readable is the mode of something that its group can read, and run where its owner can.
// Nothing that the user wrote runs as root.
func readable(info fs.FileInfo) os.FileMode {
	mode := info.Mode().Perm() | 0o040 | info.Mode()&os.ModeSticky
	if info.Mode().Perm()&0o100 != 0 {
		mode |= 0o010
	}
	return mode
}
