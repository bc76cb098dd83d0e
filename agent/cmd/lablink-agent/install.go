//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"

	"github.com/spf13/pflag"

	"github.com/talmolab/lablink-infrastructure/agent/boot"
	"github.com/talmolab/lablink-infrastructure/agent/podman"
	"github.com/talmolab/lablink-infrastructure/agent/session"
	"github.com/talmolab/lablink-infrastructure/agent/warden"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

type installCommand struct{ Join, Desktop, TLSName, Trust string }

func (c *installCommand) flags(f *pflag.FlagSet) {
	f.StringVar(&c.Join, "join", "", "The address with the token that staff made, a `URL`. Or $LABLINK_JOIN.")
	f.StringVar(&c.Desktop, "desktop", "vnc", "What participants see of this machine, a `KIND`: vnc, a desktop by TigerVNC, container, one in a container, or crd, one by Chrome Remote Desktop.")
	trusting(f, &c.TLSName, &c.Trust)
	needs(f, "join")
}

// lacks says what a machine of one's own lacks to be set up for a kind of desktop. The image
// of desktops in containers is fetched later.
var lacks = map[string]func() error{"vnc": session.Complete, inContainer: podman.Possible, "crd": warden.RemotePossible}

// check says what is wrong with the flags before anything is done.
func (c *installCommand) check() error {
	if err := (&runCommand{Join: c.Join}).takeJoin(); err != nil {
		return err
	}
	if lacks[c.Desktop] == nil {
		return fmt.Errorf("--desktop %q: give vnc, container or crd; a machine that shows none needs no root: lablink-agent run --join", c.Desktop)
	}
	_, err := parseTrust(c.Trust)
	return err
}

// run sets the machine up, unless it lacks something.
func (c *installCommand) run(ctx context.Context, out io.Writer) error {
	if err := errors.Join(byRoot("install"), ofOnesOwn()); err != nil {
		return err
	}
	if err := errors.Join(programs("bash", "git", "ip", "useradd"), lacks[c.Desktop]()); err != nil {
		return fmt.Errorf("nothing was changed, as this machine lacks something: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	own := boot.Own{Join: c.Join, Desktop: c.Desktop, TLSName: c.TLSName, Trust: c.Trust}
	if err := own.Install(ctx, out, program); err != nil {
		return err
	}
	fmt.Fprintln(out, "This machine serves, and does so again whenever it starts. What it does: journalctl -u lablink-agent. What it lacks: sudo /opt/lablink/current/lablink-agent doctor. To take it all away: sudo /opt/lablink/current/lablink-agent uninstall")
	return nil
}

// byRoot refuses who may not, or a machine whose services are not systemd's.
func byRoot(what string) error {
	if host.Skipped("user") { // simulated machines have neither
		return nil
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("%s needs root: type sudo before it. Who is not root serves with lablink-agent run --join, and shows no desktop", what)
	}
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return fmt.Errorf("%s needs a machine whose services systemd runs. Others serve with lablink-agent run --join, and show no desktop", what)
	}
	return nil
}

// ofOnesOwn refuses a machine that a deployment launched.
func ofOnesOwn() error {
	deployed, err := boot.Deployed()
	if deployed {
		return errors.New("a deployment set this machine up, and it is none of one's own")
	}
	return err
}

func programs(names ...string) error {
	var missing error
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			missing = errors.Join(missing, fmt.Errorf("the program %s is missing", name))
		}
	}
	return missing
}

type uninstallCommand struct{ Desktop string }

func (c *uninstallCommand) flags(f *pflag.FlagSet) {
	f.StringVar(&c.Desktop, "desktop", "vnc", "What sessions are, a `KIND`, as it was installed.")
	f.Lookup("desktop").Hidden = true
}

// run takes the agent off the machine, with what participants left.
func (c *uninstallCommand) run(ctx context.Context, out io.Writer) error {
	if err := errors.Join(byRoot("uninstall"), ofOnesOwn()); err != nil {
		return err
	}
	w := wardenOf(c.Desktop, newLog(os.Stderr))
	forget := func(ctx context.Context) error {
		if err := errors.Join(w.Leave(ctx), podman.Leave(ctx)); err != nil || host.Skipped("user") {
			return err
		}
		return warden.Contained{From: podman.Range}.Leave(ctx) // it may have had such desktops before
	}
	if err := boot.Uninstall(ctx, out, forget); err != nil {
		return err
	}
	fmt.Fprintln(out, "LabLink is off this machine. Programs that were installed for it, and images that podman fetched, stay.")
	return nil
}
