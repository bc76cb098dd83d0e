//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent/artifacts"
	"github.com/talmolab/lablink-infrastructure/agent/boot"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
)

type updateCommand struct {
	Region   string `required:"" help:"The AWS region of the machine."`
	Bucket   string `required:"" help:"The artifact bucket."`
	StateDir string `default:"${state_dir}" placeholder:"DIR" help:"Where the agent keeps its state (${default})."`
}

// Run looks once.
func (c *updateCommand) Run(ctx context.Context, out io.Writer) error {
	bucket := &artifacts.Bucket{
		URL: artifacts.URL(c.Region, c.Bucket, os.Getenv), Region: c.Region,
		Credentials: identity.Credentials(os.Getenv), HTTP: http.DefaultClient, Now: time.Now,
	}
	u := &boot.Updater{State: c.StateDir, Get: bucket.Get, Limits: boot.Standard, Out: out, Now: time.Now}
	if err := u.Run(ctx); err != nil {
		fmt.Fprintln(out, "the machine is not brought to another release:", err)
	}
	return boot.Reboot(ctx, out, c.StateDir, bootID())
}

type unitsCommand struct{}

// Run installs the units.
func (unitsCommand) Run(ctx context.Context) error { return boot.InstallUnits(ctx) }
