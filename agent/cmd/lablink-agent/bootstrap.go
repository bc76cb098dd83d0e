//go:build linux

package main

import (
	"context"
	"io"

	"github.com/talmolab/lablink-infrastructure/agent/boot"
)

type bootstrapCommand struct {
	Release      string `required:"" placeholder:"SUM" help:"The SHA-256 of the release's manifest."`
	Region       string `required:"" help:"The AWS region of the machine."`
	AllocatorURL string `required:"" placeholder:"URL" help:"The allocator's address."`
	Audience     string `required:"" help:"Whom the proof of this machine is for."`
	TLSName      string `placeholder:"NAME" help:"The name in the allocator's certificate."`
	Trust        string `placeholder:"BASE64" help:"The certificate that is trusted in place of the system's authorities: PEM, in base64."`
	Bucket       string `required:"" help:"The artifact bucket."`
	Desktop      string `default:"none" placeholder:"KIND" help:"What participants see of this machine: vnc, container, crd, or none."`
}

// Validate refuses a certificate or a desktop that the agent could not use.
func (c *bootstrapCommand) Validate() error {
	if _, _, err := showing(c.Desktop, nil, nil); err != nil {
		return err
	}
	_, err := parseTrust(c.Trust)
	return err
}

// Run sets up the machine.
func (c bootstrapCommand) Run(ctx context.Context, out io.Writer) error {
	return boot.Bootstrap(ctx, out, boot.Config{
		AllocatorURL: c.AllocatorURL, Audience: c.Audience, Region: c.Region, TLSName: c.TLSName, Trust: c.Trust, Bucket: c.Bucket, Desktop: c.Desktop,
	}, c.Release)
}
