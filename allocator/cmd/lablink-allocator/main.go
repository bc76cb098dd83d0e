// Command lablink-allocator hands out GPU machines to the participants of
// workshops. The same program sets up the host it runs on and keeps it at the
// deployed release.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // a host may have none, and workshops are held in zones

	"github.com/alecthomas/kong"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/secrets"
)

// version is set when a release is built.
var version = "dev"

type commands struct {
	Serve     serveCommand     `cmd:"" help:"Serve people and agents until told to stop."`
	Bootstrap bootstrapCommand `cmd:"" help:"Set up this host at its first boot. Called by user data."`
	Update    updateCommand    `cmd:"" help:"Bring this host to the release that the pointer names. Called by a timer."`
	Copy      copyCommand      `cmd:"" help:"Copy the databases for a rehearsal. Called by update, as the service's user."`
	Turn      turnCommand      `cmd:"" help:"Take this host's turn to switch to another release, or give it back. Called by update, as the service's user."`
	Backup    backupCommand    `cmd:"" help:"Write a consistent copy of the data to a file, while the allocator serves."`
	Restore   restoreCommand   `cmd:"" help:"Go back to a backup, while no allocator serves."`
	Password  passwordCommand  `cmd:"" help:"Give a user of staff another password, when nobody can log in any more."`
	Units     unitsCommand     `cmd:"" help:"Install this release's systemd units."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	slog.SetDefault(slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	command := kong.Parse(&commands{}, kong.Name("lablink-allocator"),
		kong.Description("Hands out GPU machines to the participants of workshops."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	if err := command.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "lablink-allocator:", err)
		stop()
		os.Exit(1)
	}
}

type versionCommand struct{}

// Run prints the version.
func (versionCommand) Run() error {
	_, err := fmt.Println(version)
	return err
}

type unitsCommand struct{}

// Run installs the units.
func (unitsCommand) Run(ctx context.Context) error { return boot.InstallUnits(ctx) }

type bootstrapCommand struct {
	Release string `required:"" help:"The SHA-256 of the release's manifest."`
	Region  string `required:"" help:"The AWS Region."`
	Pointer string `required:"" help:"The SSM parameter that names the release."`
	Bucket  string `required:"" help:"The artifact bucket."`
	Volume  string `help:"The id of the data volume. Left out: this is one of several hosts, which keep nothing."`
}

// Run sets up the host.
func (c bootstrapCommand) Run(ctx context.Context) error {
	aws, err := loadAWS(ctx, c.Region)
	if err != nil {
		return err
	}
	return boot.Bootstrap(ctx, os.Stdout, boot.Config{Region: c.Region, Pointer: c.Pointer, Bucket: c.Bucket}, c.Release, c.Volume, boot.GetObject(objects(aws).GetObject))
}

type updateCommand struct{}

// Run updates the host.
func (updateCommand) Run(ctx context.Context) error {
	c, err := boot.ReadConfig()
	if err != nil {
		return err
	}
	aws, err := loadAWS(ctx, c.Region)
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	u := &boot.Updater{
		Program: program, Config: c, Parameters: secrets.Client(aws), Objects: boot.GetObject(objects(aws).GetObject),
		Limits: boot.Standard, Out: os.Stdout, Now: time.Now,
	}
	return u.Run(ctx)
}

func loadAWS(ctx context.Context, region string) (aws.Config, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return c, fmt.Errorf("load the AWS configuration: %w", err)
	}
	return c, nil
}

// objects is a client for S3. At another endpoint than AWS's own, buckets are
// part of the path.
func objects(c aws.Config) *s3.Client {
	return s3.NewFromConfig(c, func(o *s3.Options) {
		o.UsePathStyle, o.DisableLogOutputChecksumValidationSkipped = os.Getenv("AWS_ENDPOINT_URL") != "", true
	})
}
