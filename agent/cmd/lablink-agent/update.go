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

	"github.com/talmolab/lablink-infrastructure/agent/artifacts"
	"github.com/talmolab/lablink-infrastructure/agent/boot"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/agent/uplink"
	"github.com/talmolab/lablink-infrastructure/agent/warden"
	"github.com/talmolab/lablink-infrastructure/api"
)

type updateCommand struct {
	Region       string `required:"" help:"The AWS region of the machine."`
	Bucket       string `required:"" help:"The artifact bucket."`
	AllocatorURL string `placeholder:"URL" help:"The allocator's address."`
	TLSName      string `placeholder:"NAME" help:"The name in the allocator's certificate, when the URL holds an address."`
	Trust        string `placeholder:"BASE64" help:"The certificate that is trusted in place of the system's authorities: PEM, in base64."`
	StateDir     string `default:"${state_dir}" placeholder:"DIR" help:"Where the agent keeps its state (${default})."`
}

// Run looks once.
func (c *updateCommand) Run(ctx context.Context, out io.Writer) error {
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

type unitsCommand struct{}

// Run installs the units.
func (unitsCommand) Run(ctx context.Context) error { return boot.InstallUnits(ctx) }
