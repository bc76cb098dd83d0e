// Command lablink-sim runs a simulated AWS account.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/talmolab/lablink-infrastructure/sim"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func main() {
	var flags struct {
		Dir            string   `required:"" type:"path" help:"Folder that keeps everything."`
		API            string   `help:"Address of the AWS API. Left out: a free port of 127.0.0.1, as for the other two."`
		Provider       string   `help:"Address of the Pulumi provider aws."`
		Cloudflare     string   `help:"Address of the Pulumi provider cloudflare."`
		Ports          string   `help:"A file that keeps the ports, which are the same the next time if nobody else has them then."`
		Zone           []string `help:"A public hosted zone that the account has from the start."`
		CloudflareZone []string `help:"A zone that Cloudflare has from the start."`
		Account        string   `help:"The account's number."`
		Region         string   `help:"The account's Region."`
		Seed           []byte   `type:"filecontent" help:"A file with instance types, images, VPCs and subnets that the account has beside: JSON."`
		Base           string   `type:"existingdir" help:"The base system with which machines boot as containers, as root. Left out: they boot as processes."`
		OIDC           []string `help:"The URL of an identity provider that the account has from the start."`
	}
	kong.Parse(&flags, kong.Name("lablink-sim"), kong.Description("A simulated AWS account: for the Pulumi engine, the AWS SDK, and machines that boot as processes."))
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Machines name those who come to them by files that are there for a moment.
	if err := errors.Join(os.MkdirAll(flags.Dir, 0o700), os.Chdir(flags.Dir)); err != nil {
		log.Error("the simulator cannot work in its folder", "error", err)
		os.Exit(1)
	}
	var seed cloud.Seed
	if len(flags.Seed) > 0 {
		if err := json.Unmarshal(flags.Seed, &seed); err != nil {
			log.Error("the seed cannot be read", "error", err)
			os.Exit(1)
		}
	}
	s, err := sim.Start(sim.Options{
		Dir: flags.Dir, AccountID: flags.Account, Region: flags.Region, Seed: seed, Boot: true, Log: log,
		API: flags.API, Provider: flags.Provider, Cloudflare: flags.Cloudflare, Ports: flags.Ports, Patience: 10 * time.Second,
		Zones: flags.Zone, CloudflareZones: flags.CloudflareZone, OIDCProviders: flags.OIDC, Base: flags.Base,
	})
	if err != nil {
		log.Error("the simulator cannot start", "error", err)
		os.Exit(1)
	}
	fmt.Printf("AWS API at %s, Pulumi providers on ports %d (aws) and %d (cloudflare)\n", s.API, s.Provider, s.Cloudflare)
	<-ctx.Done()
	s.Close()
}
