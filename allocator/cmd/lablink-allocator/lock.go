package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockFile is locked in the folder of the data by who works with it.
const lockFile = "lablink.lock"

// errServed is wrapped where an allocator works with the data.
var errServed = errors.New("an allocator works with these data")

// lockData makes sure that nobody else works with the data in a folder. The lock
// ends with the process, however that ends.
func lockData(data string) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(data, lockFile), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data: %w", err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = fmt.Errorf("%w in %s", errServed, data)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() { _ = f.Close() }, nil
}

// mustOwn refuses to work in a folder of somebody else's: what is made there would be
// of the wrong owner, and root would follow where another user's links lead.
func mustOwn(data string) error {
	info, err := os.Stat(data)
	if err != nil {
		return fmt.Errorf("find the data: %w", err)
	}
	if owner := info.Sys().(*syscall.Stat_t).Uid; int(owner) != os.Geteuid() {
		return fmt.Errorf("the data in %s are another user's: run this as that one, with runuser -u \"$(stat -c %%U %s)\" -- lablink-allocator", data, data)
	}
	return nil
}
