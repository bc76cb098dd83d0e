package warden

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// Folders in which users leave things outside of their home: what is to be done for them
// later, and what all see.
var (
	jobs = []string{"/var/spool/cron", "/var/spool/cron/crontabs", "/var/spool/at", "/var/spool/cron/atjobs", "/var/spool/cron/atspool"}
	left = []string{"/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", "/run/screen", "/var/mail"}
)

// linger makes a manager of the user's start with the machine.
const linger = "/var/lib/systemd/linger/" + User

// forget ends what a user runs, and removes what it left. What begins programs goes first,
// and once more after them: one of them may have written it again.
func forget(uid int, kill func() error) error {
	m, err := mounted()
	if err != nil {
		return err
	}
	first := removeAll(uid, jobs, m)
	if err := kill(); err != nil {
		return errors.Join(err, first)
	}
	err = errors.Join(removeAll(uid, slices.Concat(jobs, left), m), removeScratch(uid, m), removeRuntime(uid))
	if err != nil {
		return fmt.Errorf("remove what the session before left: %w", err)
	}
	return nil
}

// removeAll removes what belongs to a user in folders.
func removeAll(uid int, folders []string, m mounts) error {
	t := &taken{top: folder{at: "/"}, uid: uid}
	defer t.Close()
	var failed error
	for _, at := range folders {
		f, err := openFolder(at)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = errors.Join(f.clearOf(uid, t, m), f.Close())
		}
		failed = errors.Join(failed, err)
	}
	if err := os.Remove(host.Path(linger)); err != nil && !passed(err) {
		failed = errors.Join(failed, err)
	}
	return failed
}

// removeScratch removes what belongs to a user in the folders beside those, once what the
// machine was set up with there is root's. Machines that somebody had before that was so keep
// what is there.
func removeScratch(uid int, m mounts) error {
	if _, err := os.Stat(host.Path(keptFile)); err != nil {
		return nil //nolint:nilerr // it was not written down that it is root's
	}
	return m.eachScratch(func(top, f folder) error {
		t := &taken{top: top, uid: uid}
		return errors.Join(f.clearOf(uid, t, m), t.Close())
	})
}

// removeRuntime removes what is in a user's folder in /run/user. The folder itself may be a
// file system of its own, which systemd takes away.
func removeRuntime(uid int) error {
	f, err := openFolder("/run/user/" + strconv.Itoa(uid))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.each(f.remove), f.Close())
}
