package warden

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

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
	first := removeAll(uid, jobs)
	if err := kill(); err != nil {
		return errors.Join(err, first)
	}
	folders, err := scratch()
	return errors.Join(err, removeAll(uid, slices.Concat(jobs, left, folders)), removeRuntime(uid))
}

// removeAll removes what belongs to a user in folders.
func removeAll(uid int, folders []string) error {
	var failed error
	for _, dir := range folders {
		dir = host.Path(dir)
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
		for _, e := range entries {
			if of(e, uid) {
				failed = errors.Join(failed, os.RemoveAll(filepath.Join(dir, e.Name())))
			}
		}
	}
	if err := os.Remove(host.Path(linger)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		failed = errors.Join(failed, err)
	}
	if failed != nil {
		return fmt.Errorf("remove what the session before left: %w", failed)
	}
	return nil
}
