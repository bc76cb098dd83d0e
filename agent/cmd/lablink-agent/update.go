//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spf13/pflag"

	"github.com/talmolab/lablink-infrastructure/agent/artifacts"
	"github.com/talmolab/lablink-infrastructure/agent/boot"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/agent/uplink"
	"github.com/talmolab/lablink-infrastructure/agent/warden"
	"github.com/talmolab/lablink-infrastructure/api"
)

type updateCommand struct {
	Region, Bucket, AllocatorURL, TLSName, Trust, StateDir string
}

func (c *updateCommand) flags(f *pflag.FlagSet) {
	f.StringVar(&c.Region, "region", "", "The AWS `region` of the machine.")
	f.StringVar(&c.Bucket, "bucket", "", "The artifact `bucket`.")
	f.StringVar(&c.AllocatorURL, "allocator-url", "", allocatorHelp)
	trusting(f, &c.TLSName, &c.Trust)
	f.StringVar(&c.StateDir, "state-dir", stateDir(), "The `folder` of the agent's state.")
	needs(f, "region", "bucket")
}

// run looks once.
func (c *updateCommand) run(ctx context.Context, out io.Writer) error {
	bucket := &artifacts.Bucket{
		URL: artifacts.URL(c.Region, c.Bucket, os.Getenv), Region: c.Region,
		Credentials: identity.Credentials(os.Getenv), HTTP: http.DefaultClient, Now: time.Now,
	}
	u := &boot.Updater{
		State: c.StateDir, Get: bucket.Get, Session: warden.CurrentSession, There: c.there, Limits: boot.Standard, Out: out, Now: time.Now,
	}
	if err := u.Run(ctx); err != nil {
		fmt.Fprintln(out, "the machine is not brought to another release:", err)
	}
	return boot.Reboot(ctx, out, c.StateDir, bootID())
}

// there asks the allocator whether it works, as the agent reaches it.
func (c *updateCommand) there(ctx context.Context) error {
	trust, err := parseTrust(c.Trust)
	if err != nil {
		return err
	}
	asking := uplink.NewHTTP(c.TLSName, trust)
	defer asking.CloseIdleConnections()
	client := &api.Client{URL: c.AllocatorURL, HTTP: asking, UserAgent: "lablink-agent/" + version}
	said, err := client.Ready(ctx)
	if err == nil && !said.Ready {
		err = errors.New("it says that it is not ready")
	}
	return err
}

type unitsCommand struct{ noFlags }

// run installs the units.
func (unitsCommand) run(ctx context.Context, _ io.Writer) error { return boot.InstallUnits(ctx) }
