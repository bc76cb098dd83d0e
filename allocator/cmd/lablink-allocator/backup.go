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
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// place is whose data a command works with.
type place struct {
	Settings string `help:"The settings file. Default: that of the current release."`
	Data     string `help:"The folder that keeps the data. Default: /var/lib/lablink."`
}

// find is the folder of the data, if what is asked for can be done with them.
func (p place) find() (string, error) {
	settings, err := readSettings(cmp.Or(p.Settings, host.Path(boot.SettingsFile(host.Current()))))
	if err != nil {
		return "", err
	}
	if engine := settings.Database.Engine; engine != deployed.SQLite {
		return "", fmt.Errorf("the data are in PostgreSQL (database.engine: %q): RDS keeps backups of its own, by database.backupDays, and goes back to any moment of theirs in the console or with aws rds restore-db-instance-to-point-in-time", engine)
	}
	data := cmp.Or(p.Data, host.Path(boot.DataDir))
	return data, mustOwn(data)
}

func readSettings(path string) (deployed.Settings, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return deployed.Settings{}, fmt.Errorf("read the settings: %w", err)
	}
	return deployed.Decode(raw)
}

type backupCommand struct {
	place
	File string `arg:"" help:"The file to make. It must not be there yet."`
}

// Run makes a backup, while an allocator may serve.
func (c backupCommand) Run(ctx context.Context) error {
	data, err := c.find()
	if err != nil {
		return err
	}
	if err := sqlite.Backup(ctx, filepath.Join(data, storeFile), c.File); err != nil {
		return err
	}
	_, err = fmt.Printf("%s holds workshops, seats, machines, users and the audit as they are now. It holds secrets' sums and people's addresses: keep it as you keep those.\n", c.File)
	return err
}

type restoreCommand struct {
	place
	File string `arg:"" help:"The backup, or the lablink.db of a snapshot."`
}

// Run goes back to a backup.
func (c restoreCommand) Run(ctx context.Context) error {
	data, err := c.find()
	if err != nil {
		return err
	}
	unlock, err := lockData(data)
	if errors.Is(err, errServed) {
		return fmt.Errorf("%w: stop it first, with systemctl stop lablink-allocator.socket lablink-allocator.service", err)
	}
	if err != nil {
		return err
	}
	defer unlock()
	aside, err := restore(ctx, data, c.File, time.Now())
	if err != nil {
		return fmt.Errorf("nothing was restored: %w", err)
	}
	if aside != "" {
		fmt.Printf("What was there before is kept as %s; delete it when you do not need it any more.\n", aside)
	}
	_, err = fmt.Println("The backup is in its place: start the allocator. Agents are heard of again by themselves, staff log in again, and instances that the backup does not know are ended after an hour.")
	return err
}

// restore puts a backup in the place of the database. Jobs are made anew of what the
// backup says is not finished.
func restore(ctx context.Context, data, file string, at time.Time) (aside string, err error) {
	if aside, err = sqlite.Restore(ctx, file, filepath.Join(data, storeFile), at, slog.Default()); err != nil {
		return aside, err
	}
	for _, side := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(data, jobsFile+side)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return aside, fmt.Errorf("drop the jobs: %w", err)
		}
	}
	return aside, nil
}

// markRestored lets the store know, once, that its data are those of a snapshot of their
// volume: what happened since is not known.
func (a *app) markRestored(ctx context.Context) error {
	file := boot.RestoredFile(a.data)
	if _, err := os.Stat(file); a.rehearsal || errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := a.store.Restored(ctx, time.Now()); err != nil {
		return err
	}
	if err := os.Remove(file); err != nil {
		return fmt.Errorf("forget that the data were gone back to: %w", err)
	}
	a.log.Warn("the data are those of a snapshot: agents may be replaced, staff logs in again, and instances that are not known end after an hour")
	return nil
}
