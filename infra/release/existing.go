package release

import (
	"fmt"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

// Existing is a release that is in the artifact bucket.
type Existing struct {
	Manifest string // its SHA-256
	Version  string
}

// Find reads a release's manifest from the bucket and checks that the release
// has what the hosts and client machines of these platforms run.
func Find(ctx *pulumi.Context, setting, bucket, sum string, allocator, agent []string) (Existing, error) {
	object, err := s3.GetObject(ctx, &s3.GetObjectArgs{Bucket: bucket, Key: release.Key(sum)})
	if err != nil {
		return Existing{}, fmt.Errorf("%s: release %.12s is not in the bucket %s: use one that aws s3 ls s3://%s/releases/ lists, or source: %w", setting, sum, bucket, bucket, err)
	}
	m, err := release.Decode([]byte(object.Body), sum)
	if err != nil {
		return Existing{}, fmt.Errorf("%s: read release %.12s from %s: %w", setting, sum, bucket, err)
	}
	for _, part := range []struct {
		binary string
		has    map[string]release.File
		want   []string
	}{{"lablink-allocator", m.Allocator, allocator}, {"lablink-agent", m.Agent, agent}} {
		for _, platform := range part.want {
			if _, ok := part.has[platform]; !ok {
				return Existing{}, fmt.Errorf("%s: release %.12s has %s for %v, not for %s, which the instance types of this stack need: go back to types of that time, or deploy source", setting, sum, part.binary, slices.Sorted(maps.Keys(part.has)), platform)
			}
		}
	}
	return Existing{Manifest: sum, Version: m.Version}, nil
}
