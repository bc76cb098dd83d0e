package warden

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// left are the folders in which users leave things outside of their home: for all to see,
// and what is to be done for them later.
var left = []string{
	"/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue", "/run/lock", "/run/screen",
	"/var/spool/cron", "/var/spool/cron/crontabs", "/var/spool/at", "/var/spool/cron/atjobs", "/var/spool/cron/atspool", "/var/mail",
}

// removeAll removes what belongs to a user in there.
func removeAll(uid int) error {
	var failed error
	for _, dir := range left {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = errors.Join(failed, err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil {
				continue // it is gone
			}
			if stat, ok := info.Sys().(*syscall.Stat_t); ok && int64(stat.Uid) == int64(uid) {
				failed = errors.Join(failed, os.RemoveAll(filepath.Join(dir, e.Name())))
			}
		}
	}
	if err := os.Remove("/var/lib/systemd/linger/" + User); err != nil && !errors.Is(err, fs.ErrNotExist) {
		failed = errors.Join(failed, err)
	}
	if failed != nil {
		return fmt.Errorf("remove what the session before left: %w", failed)
	}
	return nil
}
