package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// databases are the files in the folder of the data that are copied.
var databases = []string{storeFile, jobsFile}

// spare is what a rehearsal leaves free for the service, in bytes.
const spare = 64 << 20

type copyCommand struct {
	place
	Drop bool `help:"Remove the copy that was made in PostgreSQL."`
}

// Run copies the databases, as they are at this moment, while the service goes on
// with them.
func (c copyCommand) Run(ctx context.Context) error {
	data := cmp.Or(c.Data, host.Path(boot.DataDir))
	settings, err := readSettings(cmp.Or(c.Settings, host.Path(boot.SettingsFile(host.Current()))))
	if err != nil {
		return err
	}
	if settings.Database.Engine != deployed.Postgres {
		return copyData(ctx, data)
	}
	a := &app{settings: settings, data: data, log: slog.Default()}
	if err := a.logIn(ctx); err != nil {
		return err
	}
	if c.Drop {
		return dropShared(ctx, data, a)
	}
	return copyShared(ctx, data, a)
}

func copyData(ctx context.Context, data string) error {
	if err := checkRoom(data); err != nil {
		return err
	}
	dir := boot.RehearsalDir(data)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make room for a copy of the data: %w", err)
	}
	for _, name := range databases {
		from := filepath.Join(data, name)
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			continue // a host that has not served yet
		}
		if err := sqlite.Copy(ctx, from, filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// checkRoom looks whether there is room for a copy of the databases, and for what a
// migration writes that changes every row of it.
func checkRoom(data string) error {
	var needed int64 = spare
	for _, name := range databases {
		for _, file := range []string{name, name + "-wal"} {
			info, err := os.Stat(filepath.Join(data, file))
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return fmt.Errorf("look how large the databases are: %w", err)
			}
			needed += 2 * info.Size()
		}
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(data, &disk); err != nil {
		return fmt.Errorf("look how much of the data volume is free: %w", err)
	}
	if free := int64(disk.Bavail) * disk.Bsize; free < needed { //nolint:gosec // not negative
		return fmt.Errorf("the data volume has %d MiB free, and a rehearsal may take %d: set allocator.dataVolumeGiB higher", free>>20, needed>>20)
	}
	return nil
}
