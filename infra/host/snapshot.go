package host

import (
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ebs"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

const snapshotSetting = "lablink:database.restoreSnapshot"

// FindSnapshot looks up a snapshot of the environment's data volume that a volume of
// so many GiB can be made of. Its errors name the setting and what to do.
func FindSnapshot(ctx *pulumi.Context, n naming.Namer, id string, volumeGiB int) error {
	own := n.DataTag()[naming.TagData]
	list := fmt.Sprintf("choose one of aws ec2 describe-snapshots --owner-ids self --filters Name=tag:%s,Values=%s, or remove the setting, which leaves the data volume as it is", naming.TagData, own)
	s, err := ebs.LookupSnapshot(ctx, &ebs.LookupSnapshotArgs{Owners: []string{"self"}, SnapshotIds: []string{id}})
	switch {
	case err != nil:
		return fmt.Errorf("%s: %s is not to be found in this account and Region: %s: %w", snapshotSetting, id, list, err)
	case s.Tags[naming.TagData] != own:
		return fmt.Errorf("%s: %s is not of this environment's data volume: its tag %s is %q, not %q: %s", snapshotSetting, id, naming.TagData, s.Tags[naming.TagData], own, list)
	case s.State != "completed":
		return fmt.Errorf("%s: %s is %s: wait until it is completed, or %s", snapshotSetting, id, s.State, list)
	case s.StorageTier == "archive":
		return fmt.Errorf("%s: %s is archived: restore it with aws ec2 restore-snapshot-tier, or %s", snapshotSetting, id, list)
	case !s.Encrypted:
		return fmt.Errorf("%s: %s is not encrypted, which this environment's data volume is: %s", snapshotSetting, id, list)
	case s.VolumeSize > volumeGiB:
		return fmt.Errorf("lablink:allocator.dataVolumeGiB is %d, but %s is of a volume of %d: set that or more", volumeGiB, id, s.VolumeSize)
	}
	return nil
}
