package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/jobs"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
)

// copyShared copies the database that several allocators share into another one on
// its server, whose name a file in the folder of the rehearsal keeps.
func copyShared(ctx context.Context, data string, a *app) error {
	from, err := a.postgres()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(boot.RehearsalDir(data), 0o700); err != nil {
		return fmt.Errorf("make room for a rehearsal: %w", err)
	}
	to, err := postgres.MakeCopy(ctx, from, time.Now())
	if err != nil {
		return err
	}
	err = copyInto(ctx, a, from, to)
	if err == nil {
		err = os.WriteFile(boot.CopyFile(data), []byte(to.Name+"\n"), 0o600)
	}
	if err != nil {
		err = errors.Join(err, postgres.Drop(context.WithoutCancel(ctx), from, to.Name))
	}
	return err
}

// copyInto makes this release's tables in a database, and copies what is in another
// one.
func copyInto(ctx context.Context, a *app, from, to postgres.Config) error {
	store, err := postgres.Open(ctx, to)
	if err != nil {
		return err
	}
	pool, err := postgres.Pool(ctx, to, jobs.Connections)
	if err != nil {
		return errors.Join(err, store.Close())
	}
	queue, err := jobs.OpenShared(ctx, pool, func(context.Context, string) error { return nil }, nil, a.log)
	if err != nil {
		return errors.Join(err, store.Close())
	}
	if err := errors.Join(queue.Close(ctx), store.Close()); err != nil {
		return err
	}
	return postgres.Fill(ctx, from, to)
}

// dropShared removes a copy that was made.
func dropShared(ctx context.Context, data string, a *app) error {
	name, err := readCopy(data)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	c, err := a.postgres()
	if err != nil {
		return err
	}
	return postgres.Drop(ctx, c, name)
}

// readCopy is the name of the database that is a copy for a rehearsal.
func readCopy(data string) (string, error) {
	raw, err := os.ReadFile(boot.CopyFile(data))
	if err != nil {
		return "", fmt.Errorf("there is no copy of a PostgreSQL database to rehearse on in %s: %w", filepath.Dir(boot.CopyFile(data)), err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// readable reads all that an allocator works with, and writes: a rehearsal shows that
// a release understands the data.
func (a *app) readable(ctx context.Context) error {
	_, census := a.store.Census(ctx, time.Now())
	_, machines := a.store.Machines(ctx, "", false)
	workshops, open := a.store.OpenWorkshops(ctx)
	_, operations := a.store.Operations(ctx, "", 10)
	_, unfinished := a.store.Unfinished(ctx)
	_, schedules := a.store.Schedules(ctx)
	_, users := a.store.Users(ctx)
	_, live := a.store.LiveSeats(ctx)
	err := errors.Join(census, machines, open, operations, unfinished, schedules, users, live, a.store.TryWrite(ctx, time.Now()))
	if len(workshops) > 0 && err == nil {
		_, err = a.store.Seats(ctx, workshops[0].ID)
	}
	return err
}
