//go:build linux

// Command lablink-agent is the service on every client machine: it registers
// the machine with the allocator, reports how it is, and keeps the tunnel
// through which the allocator reaches it.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/boot"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
	"github.com/talmolab/lablink-infrastructure/agent/simulated"
)

// version is set when a release is built.
var version = "dev"

// commands are what the program can do, one line each.
type commands struct {
	Bootstrap bootstrapCommand `cmd:"" help:"Set up this machine at its first boot. Called by user data."`
	Container containerCommand `cmd:"" help:"Show a participant's desktop that is a container, as root. Called by systemd."`
	Doctor    doctorCommand    `cmd:"" help:"Say what keeps this machine from serving: programs, driver, disk, clock, the way to the allocator. Takes what run takes."`
	Inject    injectCommand    `cmd:"" help:"Break a GPU of the agent that runs here, to see what becomes of it."`
	Install   installCommand   `cmd:"" help:"Set up somebody's own machine, as root, so that participants get a desktop of it: its user, its services, and their start with the machine. Again, for another program or token."`
	Run       runCommand       `cmd:"" help:"Serve this machine to the allocator until told to stop."`
	Uninstall uninstallCommand `cmd:"" help:"Take away from somebody's own machine, as root, what install made."`
	Update    updateCommand    `cmd:"" help:"Bring this machine to the release that its allocator wants. Called by a timer."`
	Units     unitsCommand     `cmd:"" help:"Install this release's systemd units."`
	Warden    wardenCommand    `cmd:"" help:"Begin and end participants' sessions for the agent, as root. Called by systemd."`
	Session   sessionCommand   `cmd:"" help:"Show a participant's desktop, as their user. Called by systemd."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run(out io.Writer) error {
	_, err := fmt.Fprintln(out, version)
	return err
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := execute(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lablink-agent:", err)
		os.Exit(status(err))
	}
}

// status is what the program ends with.
func status(err error) int {
	if errors.Is(err, agent.ErrReleased) {
		return boot.ReleasedStatus
	}
	return 1
}

// execute parses args and runs the command that they name, until it is done or
// ctx ends.
func execute(ctx context.Context, args []string, out io.Writer) error {
	parser, err := newParser(&commands{}, out)
	if err != nil {
		return err
	}
	command, err := parser.Parse(args)
	if err != nil {
		return err
	}
	command.BindTo(ctx, (*context.Context)(nil))
	command.BindTo(out, (*io.Writer)(nil))
	return command.Run()
}

// newParser reads flags from the command line, the environment and the
// settings file, in this order. Paths begin at $LABLINK_ROOT, or at the root.
func newParser(c *commands, out io.Writer) (*kong.Kong, error) {
	root := cmp.Or(os.Getenv("LABLINK_ROOT"), "/")
	file := filepath.Join(root, "etc/lablink/agent.json")
	state, home := folders(root, file)
	return kong.New(c,
		kong.Name("lablink-agent"),
		kong.Description("The LabLink agent: serves one GPU machine to the allocator."),
		kong.Writers(out, os.Stderr),
		kong.Vars{
			"state_dir": state, "home": home,
			"profiles": strings.Join(simulated.Names(), "|"), "faults": strings.Join(inject.Names(), ", "),
		},
		kong.Configuration(settings, file))
}

// folders are where the agent keeps its state, and the home of who works on the desktop: on
// a machine that was not set up for it, where root does not run it, those of who does.
func folders(root, file string) (state, home string) {
	state, home = filepath.Join(root, "var/lib/lablink-agent"), filepath.Join(root, "var/lib/lablink-home")
	mine, err := os.UserHomeDir()
	if _, there := os.Stat(file); there == nil || err != nil || root != "/" || os.Getuid() == 0 {
		return state, home
	}
	return filepath.Join(mine, ".local/state/lablink-agent"), filepath.Join(mine, ".local/share/lablink-home")
}
