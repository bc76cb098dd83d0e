package readiness

import (
	"context"
	"fmt"
	"syscall"
)

// A disk is nearly full when less than a twentieth of it is free, though a large one
// needs no more than maxFree, or less than minFree. In bytes.
const (
	minFree = 200 << 20
	maxFree = 1 << 30
)

// Disk looks how much is left of the disk that a folder is on.
type Disk struct {
	Folder string
	// Statfs is the system's.
	Statfs func(path string, into *syscall.Statfs_t) error
}

// Check says when the disk is nearly full.
func (d Disk) Check(context.Context) error {
	var of syscall.Statfs_t
	if err := d.Statfs(d.Folder, &of); err != nil {
		return fmt.Errorf("it cannot be told how much of the data volume is free: %w", err)
	}
	free, all := of.Bavail*uint64(of.Bsize), of.Blocks*uint64(of.Bsize) //nolint:gosec // not negative
	if free >= max(minFree, min(all/20, maxFree)) {
		return nil
	}
	return fmt.Errorf("the data volume is nearly full: %d MiB of %d are free. Set allocator.dataVolumeGiB higher and deploy, or delete old backups from it", free>>20, all>>20)
}
