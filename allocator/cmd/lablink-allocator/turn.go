package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

type turnCommand struct {
	place
	Host    string        `required:"" help:"What tells this host from the others."`
	Release string        `help:"The release that it is to run."`
	Life    time.Duration `help:"How long the turn lasts, unless it is given back before."`
	Give    bool          `help:"Give the turn back."`
}

// Run takes the turn to switch to another release, and writes who has it, or gives it
// back. A host that has its database to itself always has the turn, and so has any
// where the database is of a release that knows no turns.
func (c turnCommand) Run(ctx context.Context) error {
	settings, err := readSettings(cmp.Or(c.Settings, host.Path(boot.SettingsFile(host.Current()))))
	if err != nil {
		return err
	}
	now := allocator.Turn{Host: c.Host, Release: c.Release}
	if settings.Database.Engine == deployed.Postgres {
		a := &app{settings: settings, data: cmp.Or(c.Data, host.Path(boot.DataDir)), log: slog.Default()}
		if now, err = c.ask(ctx, a, now); err != nil {
			return err
		}
	}
	if c.Give {
		return nil
	}
	return json.NewEncoder(os.Stdout).Encode(boot.Turn{Host: now.Host, Release: now.Release})
}

// ask asks the database that several hosts share.
func (c turnCommand) ask(ctx context.Context, a *app, t allocator.Turn) (allocator.Turn, error) {
	if err := a.logIn(ctx); err != nil {
		return t, err
	}
	at, err := a.postgres()
	if err != nil {
		return t, err
	}
	turns, err := postgres.OpenTurns(ctx, at)
	if err != nil || turns == nil {
		return t, err
	}
	if c.Give {
		err = turns.GiveTurn(ctx, t.Host)
	} else {
		t, err = turns.TakeTurn(ctx, t, c.Life)
	}
	return t, errors.Join(err, turns.Close())
}
