// Command lablink is the operator's command.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	"golang.org/x/term"

	"github.com/talmolab/lablink-infrastructure/api/price/live"
	"github.com/talmolab/lablink-infrastructure/cli"
	"github.com/talmolab/lablink-infrastructure/cli/artifacts"
	"github.com/talmolab/lablink-infrastructure/cli/doctor"
	"github.com/talmolab/lablink-infrastructure/cli/doctor/account"
	"github.com/talmolab/lablink-infrastructure/cli/doctor/cloudflare"
	"github.com/talmolab/lablink-infrastructure/cli/doctor/laptop"
	"github.com/talmolab/lablink-infrastructure/cli/images"
	"github.com/talmolab/lablink-infrastructure/cli/pulumi"
	"github.com/talmolab/lablink-infrastructure/cli/remains"
)

func main() {
	ends := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // a terminal that closes ends what it began, unless nohup was asked for
		ends = append(ends, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), ends...)
	// When nobody reads what is said any more, writing fails, and does not end what is
	// being taken away.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	var c cli.Commands
	c.In, c.Out, c.OpenImages, c.OpenArtifacts = os.Stdin, os.Stdout, images.Open, artifacts.Open
	c.OpenAccount, c.OpenPrices = remains.Open, live.Open
	c.Examined = cli.Examined{
		Laptop:  func(dir string) doctor.Laptop { return laptop.Laptop{Dir: dir} },
		Account: account.Open, Cloudflare: cloudflare.Open,
	}
	c.Engine = &pulumi.Engine{Dir: ".", Out: os.Stderr}
	c.Err, c.Live, c.Width = os.Stderr, term.IsTerminal(int(os.Stderr.Fd())), columns()
	if len(os.Args) == 1 {
		os.Args = append(os.Args, "--help")
	}
	err := run(ctx, &c)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lablink:", c.Explain(err))
	}
	os.Exit(cli.ExitCode(err))
}

// run does what was typed.
func run(ctx context.Context, c *cli.Commands) error {
	parser := kong.Must(c, kong.Name("lablink"), kong.Description("Operates a LabLink deployment. How it ends, and how it finds one: docs/cli.md."),
		kong.Bind(&c.Globals), kong.BindTo(ctx, (*context.Context)(nil)))
	kongcompletion.Register(parser) // a shell that asks is answered, and nothing else is done
	command, err := parser.Parse(os.Args[1:])
	if err != nil {
		return cli.Misused(err)
	}
	return command.Run(&c.Globals)
}

// columns is how wide the terminal is that is printed on; 0: it is none.
func columns() int {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 0
	}
	return width
}
