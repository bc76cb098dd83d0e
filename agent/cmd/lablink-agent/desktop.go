//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/pflag"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/container"
	"github.com/talmolab/lablink-infrastructure/agent/crd"
	"github.com/talmolab/lablink-infrastructure/agent/podman"
	"github.com/talmolab/lablink-infrastructure/agent/process"
	"github.com/talmolab/lablink-infrastructure/agent/session"
	"github.com/talmolab/lablink-infrastructure/agent/vnc"
	"github.com/talmolab/lablink-infrastructure/agent/warden"
	"github.com/talmolab/lablink-infrastructure/agent/web"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// showing is the desktop that a pool's machines show, and what the agent answers for it.
func showing(kind string, busy func() (busy, known bool), memory agent.Memory) (agent.Desktop, []web.Part, error) {
	switch kind {
	case "", "none":
		return agent.Plain{}, nil, nil
	case "vnc":
		d := vnc.New(places(), busy, time.Now)
		return d, []web.Part{web.WithDesktop(d.Handler())}, nil
	case inContainer:
		d := container.New(container.Places{
			Places: places(), Address: net.JoinHostPort(podman.Address, podman.Port), Password: host.Path(passwordFile), Viewer: host.Path(podman.ViewerDir),
		}, busy, time.Now)
		return d, []web.Part{web.WithDesktop(d.Handler())}, nil
	case "crd":
		d := crd.New(places().WardenClient(), memory)
		return d, []web.Part{web.WithDesktop(d.Handler()), web.WithRemote(d)}, nil
	}
	return nil, nil, fmt.Errorf("--desktop %q: give vnc, container, crd or none", kind)
}

// inContainer is the kind of desktop that a container shows.
const inContainer = "container"

// passwordFile is where a session's password is.
const passwordFile = warden.Runtime + "/" + warden.PasswordFile

// withWarden reports whether a kind of desktop has sessions that a warden begins.
func withWarden(kind string) bool { return kind != "" && kind != "none" }

func places() vnc.Places {
	return vnc.Places{Session: host.Path(warden.Runtime), Desktop: session.Socket, Warden: host.Path(warden.Dir), Control: warden.Socket}
}

// settingUp is what sets the machine up: by the warden where it begins sessions, and as who
// runs the agent on a machine of one's own.
func (c *runCommand) settingUp() (agent.Runner, func() error) {
	if !withWarden(c.Desktop) && c.token == "" {
		return nobodysRunner{"nobody is there to run it as: a machine without a desktop is not set up. Set the pool's desktop to vnc, container or crd"}, nil
	}
	if !withWarden(c.Desktop) {
		return process.Runner{Home: c.Home}, nil
	}
	asked := places().WardenClient()
	return process.Remote{URL: asked.URL + warden.RunPath, HTTP: asked.HTTP}, func() error {
		return asked.Do(context.Background(), http.MethodPost, warden.PreparedPath, nil, nil)
	}
}

// private opens files that are closed to the agent, where the warden can. They may be large.
func (c *runCommand) private() func(context.Context, string) (io.ReadCloser, error) {
	if !withWarden(c.Desktop) {
		return nil
	}
	asked := places().WardenClient()
	return warden.Reader{URL: asked.URL, HTTP: asked.HTTP}.Open
}

// upkeep looks whether sessions are still shown, where a warden begins them.
func (c *runCommand) upkeep(sessions *agent.Sessions, logbook *agent.Logbook, log *slog.Logger) *agent.Upkeep {
	if !withWarden(c.Desktop) {
		return nil
	}
	return &agent.Upkeep{Sessions: sessions, Shower: warden.Shower{Client: places().WardenClient()}, Said: logbook.Add, Log: log}
}

// fetching is what fetches the image of desktops in containers, where there are such.
func (c *runCommand) fetching() agent.Runner {
	if c.Desktop != inContainer {
		return nil
	}
	asked := places().WardenClient()
	return process.Remote{URL: asked.URL + warden.ImagePath, HTTP: asked.HTTP}
}

// nobodysRunner runs nothing: the agent of a machine of EC2 without a desktop is alone with
// its secret there, and settings are refused that want more.
type nobodysRunner struct{ why string }

// Run says what is missing.
func (r nobodysRunner) Run(context.Context, agent.Command, func(string)) error {
	return errors.New(r.why)
}

type wardenCommand struct{ Desktop string }

func (c *wardenCommand) flags(f *pflag.FlagSet) {
	f.StringVar(&c.Desktop, "desktop", "vnc", "What sessions are, a `KIND`: vnc, container, or crd.")
}

// run begins and ends sessions for the agent, until ctx ends. Sessions go on after it.
func (c *wardenCommand) run(ctx context.Context, _ io.Writer) error {
	log := newLog(os.Stderr)
	w := wardenOf(c.Desktop, log)
	go w.Sweep()
	return w.Serve(ctx, func() { notify(log, daemon.SdNotifyReady) })
}

// wardenOf is the warden of a kind of desktop.
func wardenOf(kind string, log *slog.Logger) *warden.Warden {
	run, lines := process.Runner{User: warden.User, Home: host.Path(warden.Home)}, warden.Journal
	if host.Skipped("user") { // simulated machines have no users of their own, nor a journal
		run.User, lines = "", nil
	}
	w := &warden.Warden{Lines: lines, Units: warden.Systemd{}, Person: person(), Possible: possible["vnc"], Run: process.Handler(run), Prepare: process.Prepare, Say: func(what string, err error) { log.Warn(what, "error", err) }}
	switch kind {
	case inContainer:
		contained(w)
	case "crd":
		w.Remote, w.Possible = run, warden.RemotePossible
		if !host.Skipped("user") {
			w.Remote = warden.Confined{Root: run, Units: w.Units}
		}
	}
	return w
}

// contained makes a warden one of sessions in containers.
func contained(w *warden.Warden) {
	w.Inside = &warden.Inside{SettingUp: w.Person, Skeleton: podman.HomeDir, Remove: podman.Remove, Fetch: process.Handler(podman.Fetcher{})}
	if host.Skipped("user") {
		w.Inside.Remove = func(context.Context) error { return nil }
		w.Inside.Fetch = process.Handler(nobodysRunner{"this machine is simulated by processes, and has no containers: make test-boot boots machines that have"})
		return
	}
	w.Person = warden.Contained{UID: containedUID, From: podman.Range}
	w.Possible = func() error { return errors.Join(podman.Possible(), podman.Usable(context.Background())) }
}

// possible says what a machine lacks to show a kind of desktop: to who mends it, and before
// each session.
var possible = map[string]func() error{"vnc": session.Possible, inContainer: containersPossible, "crd": warden.RemotePossible}

func containersPossible() error {
	_, err := podman.Current()
	return errors.Join(podman.Possible(), err)
}

// lacking says what a machine lacks to show anything, as far as the agent may look.
func (c *runCommand) lacking() func() error {
	if c.Desktop != inContainer || host.Skipped("user") {
		return nil
	}
	return func() error {
		_, err := podman.Current()
		return err
	}
}

// containedUID is the number of whom sessions in containers belong to.
func containedUID() (int, error) {
	i, err := podman.Current()
	return podman.UID(i.User), err
}

// person is whom sessions belong to.
func person() warden.Person {
	if host.Skipped("user") {
		return warden.Nobody{}
	}
	return warden.System{}
}

type sessionCommand struct{ noFlags }

// run shows the desktop of a session until ctx ends.
func (sessionCommand) run(ctx context.Context, _ io.Writer) error {
	s := session.Session{Dir: host.Path(warden.Runtime), Home: host.Path(warden.Home), Out: os.Stderr, Ready: func() { notify(newLog(os.Stderr), daemon.SdNotifyReady) }}
	if err := s.Run(ctx); ctx.Err() == nil {
		return err
	}
	return nil // it was told to end
}

type containerCommand struct{ noFlags }

// run shows the desktop of a session, in a container, until ctx ends.
func (containerCommand) run(ctx context.Context, _ io.Writer) error {
	i, err := podman.Current()
	if err != nil {
		return err
	}
	s := podman.Session{Image: i, Home: host.Path(warden.Home), Password: host.Path(passwordFile), Out: os.Stderr, Ready: func() { notify(newLog(os.Stderr), daemon.SdNotifyReady) }}
	if err := s.Run(ctx); ctx.Err() == nil {
		return err
	}
	return nil // it was told to end
}
