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
	"github.com/talmolab/lablink-infrastructure/allocator/peer"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// place is whose data a command works with.
type place struct {
	Settings string `help:"The settings file. Default: that of the current release."`
	Data     string `help:"The folder that keeps the data. Default: /var/lib/lablink."`
}

// find is the folder of the data, and the settings of the release that serves them.
func (p place) find() (data string, settings deployed.Settings, err error) {
	if settings, err = readSettings(cmp.Or(p.Settings, host.Path(boot.SettingsFile(host.Current())))); err != nil {
		return "", settings, err
	}
	if err := checkDatabase(settings.Database); err != nil {
		return "", settings, err
	}
	data = cmp.Or(p.Data, host.Path(boot.DataDir))
	return data, settings, mustOwn(data)
}

// byRDS says where backups are with PostgreSQL.
const byRDS = "the data are in PostgreSQL: RDS keeps backups of its own, by database.backupDays, and goes back to any moment of theirs with aws rds restore-db-instance-to-point-in-time"

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
	data, settings, err := c.find()
	if err != nil {
		return err
	}
	if settings.Database.Engine == deployed.Postgres {
		return errors.New(byRDS)
	}
	if err := sqlite.Backup(ctx, filepath.Join(data, storeFile), c.File); err != nil {
		return err
	}
	if err := keepBackedUp(data, time.Now()); err != nil {
		slog.WarnContext(ctx, "the backup is good, and the page of the allocator's health will not tell of it", "error", err)
	}
	_, err = fmt.Printf("%s holds workshops, seats, machines, users and the audit as they are now. It holds secrets' sums and people's addresses: keep it as you keep those.\n", c.File)
	return err
}

type restoreCommand struct {
	place
	File string `arg:"" optional:"" help:"The backup, or the lablink.db of a snapshot. With PostgreSQL there is none: it tells the allocators that the database was gone back to."`
}

// Run goes back to a backup.
func (c restoreCommand) Run(ctx context.Context) error {
	data, settings, err := c.find()
	if err != nil {
		return err
	}
	if settings.Database.Engine == deployed.Postgres {
		return c.restoreShared(ctx, &app{settings: settings, data: data, log: slog.Default()})
	}
	if c.File == "" {
		return errors.New("name the backup to go back to: lablink-allocator restore FILE")
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
	_, err = fmt.Println("The backup is in its place: start the allocator. " + afterwards)
	return err
}

// afterwards is what follows from going back.
const afterwards = "Agents are heard of again by themselves, staff log in again, and instances that the backup does not know are ended after an hour."

// silence is for how long an allocator that serves may say nothing in the database.
const silence = 5 * peer.Interval

// restoreShared makes of a database that was gone back to by other means what
// allocators go on with. None may serve meanwhile: it would end what it does not know.
func (c restoreCommand) restoreShared(ctx context.Context, a *app) error {
	if c.File != "" {
		return errors.New(byRDS + ". Put what was then into the database, as docs/operations.md tells, and run this again without a file")
	}
	defer a.close()
	if err := a.logIn(ctx); err != nil {
		return err
	}
	if err := a.openStore(ctx); err != nil {
		return err
	}
	serving, err := a.store.Serving(ctx, silence)
	if err != nil {
		return err
	}
	if serving > 0 {
		return fmt.Errorf("%w: stop it on every host, with systemctl stop lablink-update.timer lablink-allocator.socket lablink-allocator.service, and try again ten seconds later", errServed)
	}
	if err := a.store.Restored(ctx, time.Now()); err != nil {
		return err
	}
	_, err = fmt.Println("The database is ready to be gone on with: start the allocators. " + afterwards)
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
	} else if err != nil {
		return fmt.Errorf("look whether the data were gone back to: %w", err)
	}
	if err := a.store.Restored(ctx, time.Now()); err != nil {
		return err
	}
	if err := os.Remove(file); err != nil { // the next start does the same once more
		a.log.Error("it was not forgotten that the data were gone back to: delete the file, or staff logs in again after each start", "file", file, "error", err)
	}
	a.log.Warn("the data are those of a snapshot: agents may be replaced, staff logs in again, and instances that are not known end after an hour")
	return nil
}
