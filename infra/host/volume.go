package host

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ebs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

// CheckZone refuses to move the host out of the zone that its data volume is in:
// another volume would take its place, which is made of snapshot, or empty where
// that is "". The setting names the zones, the first of which is the host's.
func CheckZone(ctx *pulumi.Context, n naming.Namer, setting, zone, snapshot string) error {
	there, err := findVolumes(ctx, n)
	if err != nil || len(there) == 0 {
		return err
	}
	for _, v := range there {
		if v.AvailabilityZone == zone || snapshot != "" && v.SnapshotId != snapshot {
			return nil
		}
	}
	v := there[0]
	lost := "what is on it would be left behind"
	if snapshot != "" {
		lost = "what is on it since it was made of " + snapshot + " would be left behind"
	}
	return fmt.Errorf("%s moves the host to %s, but its data volume %s is in %s, and %s: put %[4]s first; or take a snapshot of it, end all workshops, and set that one as database.restoreSnapshot together with the zones (docs/deploying.md, Moving the host to another zone)",
		setting, zone, v.VolumeId, v.AvailabilityZone, lost)
}

// findVolumes looks up the environment's data volume: the one that a host has, or
// all there are where no host has one. A volume that was replaced may be left.
func findVolumes(ctx *pulumi.Context, n naming.Namer) ([]*ebs.LookupVolumeResult, error) {
	var ids []string
	for _, filters := range [][]ebs.GetEbsVolumesFilter{{{Name: "status", Values: []string{"in-use"}}}, nil} {
		found, err := ebs.GetEbsVolumes(ctx, &ebs.GetEbsVolumesArgs{Tags: n.DataTag(), Filters: filters})
		if err != nil {
			return nil, fmt.Errorf("look for the environment's data volume: %w", err)
		}
		if ids = found.Ids; len(ids) > 0 {
			break
		}
	}
	var out []*ebs.LookupVolumeResult
	for _, id := range ids {
		v, err := ebs.LookupVolume(ctx, &ebs.LookupVolumeArgs{Filters: []ebs.GetVolumeFilter{{Name: "volume-id", Values: []string{id}}}})
		if err != nil {
			return nil, fmt.Errorf("look up the data volume %s: %w", id, err)
		}
		out = append(out, v)
	}
	return out, nil
}
