// Command lablink-local runs the stacks of a working copy against a simulated
// AWS account. `make up`, `make down`, `make preview`, `make env` and
// others call it.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

type commands struct {
	Up struct {
	} `cmd:"" help:"Deploy the local stack and wait until it can be used."`
	Down struct {
		Discard bool `help:"Throw the simulated account away, without destroying what is in it."`
	} `cmd:"" help:"Take the local stack away, with everything that up started."`
	Preview struct {
		Stack    string `arg:"" default:"local" help:"The stack: local, test, prod or account."`
		Template string `help:"A template of stacks/templates, instead of a stack."`
	} `cmd:"" help:"Show what deploying a stack would do."`
	Env struct {
	} `cmd:"" help:"Print the exports with which plain pulumi works on the local stack."`
	Engine struct {
	} `cmd:"" help:"Print the folder of the Pulumi engine, which is built when there is none; nothing for one on the PATH."`
	Prepare struct {
		Lint bool `xor:"for" help:"Install what the linters need: a C compiler, git, curl and shellcheck. The engine is left out."`
		Boot bool `xor:"for" help:"Install what tests need that boot machines as containers, as root: debootstrap, systemd-nspawn and others, and a base system."`
	} `cmd:"" help:"Install what tests need, by apt as root on Debian and else by name, and get the Pulumi engine."`
}

func main() {
	var c commands
	command := kong.Parse(&c, kong.Name("lablink-local"), kong.Description("Runs the stacks of this working copy against a simulated AWS account."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, command.Command(), c)
	if err != nil && ctx.Err() != nil {
		err = errors.New("interrupted. What was begun is finished: make up goes on from there, make down takes it away")
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "\nThat did not work:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, command string, c commands) error {
	command, _, _ = strings.Cut(command, " ")
	w, err := launcher.Find(".", os.Stdout)
	if err != nil {
		return err
	}
	if command == "env" {
		err := w.Env(ctx)
		if err != nil {
			fmt.Println("false") // eval, which only looks at what is printed, fails too
		}
		return err
	}
	if command == "engine" {
		w.Out = os.Stderr // what is printed is for a program
	}
	unlock, err := w.Lock()
	if err != nil {
		return err
	}
	defer unlock()
	switch command {
	case "up":
		return w.Up(ctx)
	case "down":
		return w.Down(ctx, c.Down.Discard)
	case "engine":
		dir, err := w.Engine(ctx)
		fmt.Println(dir)
		return err
	case "prepare":
		switch {
		case c.Prepare.Lint:
			return w.PrepareLint(ctx)
		case c.Prepare.Boot:
			return w.PrepareBoot(ctx)
		}
		return w.Prepare(ctx)
	}
	if c.Preview.Template != "" {
		return w.PreviewTemplate(ctx, c.Preview.Template)
	}
	return w.Preview(ctx, c.Preview.Stack)
}
