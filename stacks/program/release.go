package program

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/release"
	"github.com/talmolab/lablink-infrastructure/infra/release/build"
	"github.com/talmolab/lablink-infrastructure/infra/release/published"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// binaries gets what a new release is made of. There is none for a release that
// is in the bucket already.
func (p Program) binaries(ctx context.Context, s *settings.Settings, found lookups) (build.Binaries, error) {
	allocator, agent := []string{found.hostPlatform}, found.clientPlatforms
	switch {
	case found.release != nil:
		return build.Binaries{}, nil
	case s.Allocator.Published():
		from := published.Source{URL: s.Allocator.ReleaseURL, Version: s.Allocator.Version, SHA256: s.Allocator.ReleaseSHA256}
		b, err := p.Builder.Fetch(ctx, from, allocator, agent)
		if err != nil {
			return b, fmt.Errorf("lablink:allocator.version: %w", err)
		}
		return b, nil
	}
	return p.Builder.Build(ctx, allocator, agent)
}

// findRelease looks up the release that the settings name by its manifest.
func (l *lookups) findRelease(ctx *pulumi.Context, s *settings.Settings, bucket string) error {
	sum := s.Allocator.Manifest()
	if sum == "" {
		return nil
	}
	found, err := release.Find(ctx, "lablink:allocator.version", bucket, sum, []string{l.hostPlatform}, l.clientPlatforms)
	if err != nil {
		return err
	}
	l.release = &found
	return ctx.Log.Warn(fmt.Sprintf("lablink:allocator.version goes to release %.12s (%s) with the settings that it was made with: what has changed since of pools, tls and other settings that the allocator reads does not reach it", sum, found.Version), nil)
}
