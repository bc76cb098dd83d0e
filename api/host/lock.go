package host

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lockFile is locked while an update is at work.
const lockFile = ConfigDir + "/update.lock"

// LockUpdates makes sure that one update is at work: the timer's, or that of
// somebody who calls it by hand. The lock ends with the process.
func LockUpdates() (unlock func(), err error) {
	f, err := os.OpenFile(Path(lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock updates: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errors.New("another update is at work on this machine")
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}
