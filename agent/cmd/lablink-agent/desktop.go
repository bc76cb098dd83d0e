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

	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/crd"
	"github.com/talmolab/lablink-infrastructure/agent/process"
	"github.com/talmolab/lablink-infrastructure/agent/session"
	"github.com/talmolab/lablink-infrastructure/agent/vnc"
	"github.com/talmolab/lablink-infrastructure/agent/warden"
	"github.com/talmolab/lablink-infrastructure/agent/web"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// showing is the desktop that a pool's machines show, and what the agent answers for it.
func showing(kind string, busy func() bool, memory agent.Memory) (agent.Desktop, []web.Part, error) {
	switch kind {
	case "", "none":
		return agent.Plain{}, nil, nil
	case "vnc":
		d := vnc.New(places(), busy, time.Now)
		return d, []web.Part{web.WithDesktop(d.Handler())}, nil
	case "crd":
		d := crd.New(places().WardenClient(), memory)
		return d, []web.Part{web.WithDesktop(d.Handler()), web.WithRemote(d)}, nil
	}
	return nil, nil, fmt.Errorf("--desktop %q: give vnc, crd or none", kind)
}

func places() vnc.Places {
	return vnc.Places{Session: host.Path(warden.Runtime), Desktop: session.Socket, Warden: host.Path(warden.Dir), Control: warden.Socket}
}

// settingUp is what sets the machine up: by the warden where it begins sessions, and as who
// runs the agent on a machine of one's own.
func (c *runCommand) settingUp() (agent.Runner, func() error) {
	none := c.Desktop == "" || c.Desktop == "none"
	if none && c.token == "" {
		return nobodysRunner{}, nil
	}
	if none {
		return process.Runner{Home: c.Home}, nil
	}
	asked := places().WardenClient()
	return process.Remote{URL: asked.URL + warden.RunPath, HTTP: asked.HTTP}, func() error {
		return asked.Do(context.Background(), http.MethodPost, warden.PreparedPath, nil, nil)
	}
}

// private opens files that are closed to the agent, where the warden can. They may be large.
func (c *runCommand) private() func(context.Context, string) (io.ReadCloser, error) {
	if c.Desktop == "" || c.Desktop == "none" {
		return nil
	}
	asked := places().WardenClient()
	return warden.Reader{URL: asked.URL, HTTP: asked.HTTP}.Open
}

// nobodysRunner runs nothing: the agent of a machine of EC2 is alone with its secret there,
// and settings are refused that want more without a desktop.
type nobodysRunner struct{}

// Run says what is missing.
func (nobodysRunner) Run(context.Context, agent.Command, func(string)) error {
	return errors.New("nobody is there to run it as: a machine without a desktop is not set up. Set the pool's desktop to vnc")
}

type wardenCommand struct {
	Desktop string `hidden:"" default:"vnc" help:"What participants see of this machine, as the agent's settings say."`
}

// Run begins and ends sessions for the agent, until ctx ends. Sessions go on after it.
func (c wardenCommand) Run(ctx context.Context) error {
	log := newLog(os.Stderr)
	run := process.Runner{User: warden.User, Home: host.Path(warden.Home)}
	if host.Skipped("user") {
		run.User = "" // simulated machines have no users of their own
	}
	w := &warden.Warden{Units: warden.Systemd{}, Person: person(), Possible: session.Possible, Run: process.Handler(run), Prepare: process.Prepare, Say: func(what string, err error) { log.Warn(what, "error", err) }}
	if c.Desktop == "crd" {
		w.Remote, w.Possible = run, warden.RemotePossible
	}
	go w.Sweep()
	return w.Serve(ctx, func() { notify(log, daemon.SdNotifyReady) })
}

// person is whom sessions belong to.
func person() warden.Person {
	if host.Skipped("user") {
		return warden.Nobody{}
	}
	return warden.System{}
}

type sessionCommand struct{}

// Run shows the desktop of a session until ctx ends.
func (sessionCommand) Run(ctx context.Context) error {
	s := session.Session{Dir: host.Path(warden.Runtime), Home: host.Path(warden.Home), Out: os.Stderr, Ready: func() { notify(newLog(os.Stderr), daemon.SdNotifyReady) }}
	if err := s.Run(ctx); ctx.Err() == nil {
		return err
	}
	return nil // it was told to end
}
