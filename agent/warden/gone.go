package warden

import (
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// scratchGone is a folder at the top of a disk, with what is being removed of it. It is root's.
const scratchGone = ".lablink-gone"

// taken is where what is removed of a disk goes: a folder that is made once it is needed.
type taken struct {
	top  folder // of the disk
	uid  int    // whose things are removed
	in   *folder
	once sync.Once
}

// clearOf removes what a user has in a folder. It goes out of the way at once, to a folder of
// the same disk, and is removed behind that: nobody waits for a whole disk. What cannot be
// moved is removed where it is, and so is what something is mounted in.
func (f folder) clearOf(uid int, t *taken, m mounts) error {
	return f.eachOf(uid, func(name string) error {
		gone, at := t.folder(), path.Join(f.at, name)
		if gone != nil && at == gone.at || gone != nil && !m.in(at) && f.move(name, *gone) {
			return nil
		}
		return f.remove(name)
	})
}

// move moves something to another folder of the disk, where it gets a name that nobody knows.
func (f folder) move(name string, to folder) bool {
	return unix.Renameat(int(f.Fd()), name, int(to.Fd()), rand.Text()) == nil
}

// folder opens it. There is none on a disk that is full.
func (t *taken) folder() *folder {
	t.once.Do(func() {
		if t.top.at == "/" {
			t.in, _ = openGone()
			return
		}
		t.in = t.top.gone(t.uid)
	})
	return t.in
}

// Close closes it.
func (t *taken) Close() error {
	if t.in == nil {
		return nil
	}
	return t.in.Close()
}

// gone makes and opens the folder at a disk's top. One that the user had made there is theirs,
// and goes with the rest.
func (f folder) gone(uid int) *folder {
	theirs := ""
	if is, err := f.look(scratchGone); err == nil && int64(is.Uid) == int64(uid) && uid != os.Geteuid() {
		theirs = rand.Text()
		if unix.Renameat(int(f.Fd()), scratchGone, int(f.Fd()), theirs) != nil {
			return nil
		}
	}
	_ = unix.Mkdirat(int(f.Fd()), scratchGone, 0o700) // it is opened, or not
	in := f.goneNow()
	if theirs != "" && (in == nil || !f.move(theirs, *in)) {
		_ = f.remove(theirs)
	}
	return in
}

// goneNow opens that folder where it is, and is closed to everybody.
func (f folder) goneNow() *folder {
	in, err := f.open(scratchGone)
	if err != nil {
		return nil
	}
	var is unix.Stat_t
	if err := unix.Fstat(int(in.Fd()), &is); err != nil || int(is.Uid) != os.Geteuid() || is.Mode&0o077 != 0 {
		_ = in.Close()
		return nil
	}
	return &in
}

// openGone opens the folder with what is being removed of the machine's first disk.
func openGone() (*folder, error) {
	err := os.MkdirAll(host.Path(goneDir), 0o700)
	f, openErr := openFolder(goneDir)
	if openErr != nil {
		return nil, errors.Join(err, openErr)
	}
	return &f, nil
}

// Sweep removes what was taken away, that too that an earlier run of this program left: homes,
// and what was left on disks. The folders of it stay: to make them takes room that there may
// not be.
func (w *Warden) Sweep() {
	m, err := mounted()
	gone, openErr := openGone()
	err = errors.Join(err, openErr, sweep(gone))
	for _, at := range m.local {
		if top, openErr := openFolder(at); openErr == nil {
			err = errors.Join(err, sweep(top.goneNow()), top.Close())
		}
	}
	if err != nil {
		w.Say("what nobody has any more could not be removed", err)
	}
}

// sweep removes all that is in a folder, and closes it.
func sweep(f *folder) error {
	if f == nil {
		return nil
	}
	if err := errors.Join(f.each(f.remove), f.Close()); err != nil {
		return fmt.Errorf("empty %s: %w", f.at, err)
	}
	return nil
}
