//go:build linux

// Command lablink-agent is the service on every client machine: it registers
// the machine with the allocator, reports how it is, and keeps the tunnel
// through which the allocator reaches it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/boot"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
)

// version is set when a release is built.
var version = "dev"

// command is one of what the program can do.
type command interface {
	// flags says what may be set, on the command line, in the environment and in files.
	flags(f *pflag.FlagSet)
	// run does it, until it is done or ctx ends.
	run(ctx context.Context, out io.Writer) error
}

// A command that takes arguments, and one that refuses settings before anything is done.
type (
	taking   interface{ take(args []string) error }
	checking interface{ check() error }
)

// noFlags is of commands that nothing is set of.
type noFlags struct{}

func (noFlags) flags(*pflag.FlagSet) {}

type versionCommand struct{ noFlags }

func (versionCommand) run(_ context.Context, out io.Writer) error {
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

// execute runs the command that args name, until it is done or ctx ends.
func execute(ctx context.Context, args []string, out io.Writer) error {
	root := &cobra.Command{
		Use: "lablink-agent", Short: "The LabLink agent: serves one GPU machine to the allocator.", Args: cobra.NoArgs,
		SilenceErrors: true, SilenceUsage: true, CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(*cobra.Command, []string) error {
			return errors.New("name a command: lablink-agent --help lists them")
		},
	}
	root.AddCommand(
		named("bootstrap", "Set up this machine at its first boot. Called by user data.", &bootstrapCommand{}),
		named("container", "Show a participant's desktop that is a container, as root. Called by systemd.", containerCommand{}),
		named("doctor", "Say what keeps this machine from serving: programs, driver, disk, clock, the way to the allocator. Takes what run takes.", &doctorCommand{}),
		named("inject FAULT [VALUE]", "Break a GPU of the agent that runs here, to see what becomes of it: "+strings.Join(inject.Names(), ", ")+". The value is a number, or which kind, where the fault has one: xid 79.", &injectCommand{}),
		named("install", "Set up somebody's own machine, as root, so that participants get a desktop of it: its user, its services, and their start with the machine. Again, for another program or token.", &installCommand{}),
		named("run", "Serve this machine to the allocator until told to stop.", &runCommand{}),
		named("uninstall", "Take away from somebody's own machine, as root, what install made.", &uninstallCommand{}),
		named("update", "Bring this machine to the release that its allocator wants. Called by a timer.", &updateCommand{}),
		named("units", "Install this release's systemd units.", unitsCommand{}),
		named("warden", "Begin and end participants' sessions for the agent, as root. Called by systemd.", &wardenCommand{}),
		named("session", "Show a participant's desktop, as their user. Called by systemd.", sessionCommand{}),
		named("version", "Print the version.", versionCommand{}))
	root.SetOut(out)
	root.SetArgs(args)
	return root.ExecuteContext(ctx)
}

// named is a command by what it is called with, and what it is good for.
func named(use, short string, c command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs}
	if taker, takes := c.(taking); takes {
		cmd.Args = func(_ *cobra.Command, args []string) error { return taker.take(args) }
	}
	c.flags(cmd.Flags())
	if cmd.Flags().HasFlags() { // who shows a desktop may not read what the agent is told
		cmd.PreRunE = func(cmd *cobra.Command, _ []string) error { return fill(cmd.Flags()) }
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if c, ok := c.(checking); ok {
			if err := c.check(); err != nil {
				return err
			}
		}
		return c.run(cmd.Context(), cmd.OutOrStdout())
	}
	return cmd
}
