package provider

import "fmt"

// snapshot finds one of the account's own snapshots by its id.
func snapshot(a *account, in values) (values, error) {
	ids, _ := in["snapshotIds"].([]any)
	owners, _ := in["owners"].([]any)
	if len(in) != 2 || len(ids) != 1 || len(owners) != 1 || owners[0] != "self" {
		return nil, fmt.Errorf("InvalidParameterValue: The simulator looks up one snapshot of the owner self by its id, not %v", in)
	}
	s, err := a.Snapshot(fmt.Sprint(ids[0]))
	if err != nil {
		return nil, fmt.Errorf("reading EBS Snapshot: InvalidSnapshot.NotFound: The snapshot '%v' does not exist.", ids[0])
	}
	return values{
		"id": s.ID, "snapshotId": s.ID, "snapshotIds": in["snapshotIds"], "owners": in["owners"], "ownerId": a.ID(),
		"arn": "arn:aws:ec2:" + a.Region() + "::snapshot/" + s.ID, "volumeId": s.VolumeID, "volumeSize": s.VolumeSize, "description": s.Description,
		"encrypted": s.Encrypted, "kmsKeyId": s.KMSKeyID, "startTime": s.StartTime, "state": "completed", "storageTier": "standard", "tags": s.Tags,
	}, nil
}
