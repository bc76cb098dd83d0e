//go:build linux

package main

import (
	"context"
	"io"

	"github.com/spf13/pflag"

	"github.com/talmolab/lablink-infrastructure/agent/boot"
)

type bootstrapCommand struct {
	Release, Region, AllocatorURL, Audience, TLSName, Trust, Bucket, Desktop string
}

func (c *bootstrapCommand) flags(f *pflag.FlagSet) {
	f.StringVar(&c.Release, "release", "", "The `SHA-256` of the release's manifest.")
	f.StringVar(&c.Region, "region", "", "The AWS `region` of the machine.")
	f.StringVar(&c.AllocatorURL, "allocator-url", "", allocatorHelp)
	f.StringVar(&c.Audience, "audience", "", audienceHelp)
	trusting(f, &c.TLSName, &c.Trust)
	f.StringVar(&c.Bucket, "bucket", "", "The artifact `bucket`.")
	f.StringVar(&c.Desktop, "desktop", "none", "What participants see of this machine, a `KIND`: vnc, container, crd, or none.")
	needs(f, "release", "region", "allocator-url", "audience", "bucket")
}

// check refuses a certificate or a desktop that the agent could not use.
func (c *bootstrapCommand) check() error {
	if _, _, err := showing(c.Desktop, nil, nil); err != nil {
		return err
	}
	_, err := parseTrust(c.Trust)
	return err
}

// run sets up the machine.
func (c *bootstrapCommand) run(ctx context.Context, out io.Writer) error {
	return boot.Bootstrap(ctx, out, boot.Config{
		AllocatorURL: c.AllocatorURL, Audience: c.Audience, Region: c.Region, TLSName: c.TLSName, Trust: c.Trust, Bucket: c.Bucket, Desktop: c.Desktop,
	}, c.Release)
}
