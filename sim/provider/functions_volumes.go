package provider

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// volumeIDs lists the volumes that have some tags, and are in use where the filter
// status says so.
func volumeIDs(a *account, in values) (values, error) {
	tags, _ := in["tags"].(values)
	statuses, err := filtered(in, "status")
	if err != nil {
		return nil, err
	}
	if len(tags) == 0 {
		return nil, fmt.Errorf("InvalidParameterValue: The simulator lists volumes by their tags")
	}
	ids := []string{}
	for _, v := range a.Volumes() {
		status := "available"
		if v.Instance != "" {
			status = "in-use"
		}
		fits := len(statuses) == 0 || slices.Contains(statuses, status)
		for key, value := range tags {
			fits = fits && v.Tags[key] == value
		}
		if fits {
			ids = append(ids, v.ID)
		}
	}
	return values{"id": a.Region(), "ids": ids, "tags": in["tags"], "filters": in["filters"]}, nil
}

// volume finds one volume by its id.
func volume(a *account, in values) (values, error) {
	ids, err := filtered(in, "volume-id")
	if err != nil {
		return nil, err
	}
	if len(in) != 1 || len(ids) != 1 || strings.ContainsAny(ids[0], "*?") {
		return nil, fmt.Errorf("InvalidParameterValue: The simulator looks up a volume by the filter volume-id alone, not by %v", slices.Sorted(maps.Keys(in)))
	}
	v, err := a.Volume(ids[0])
	if err != nil {
		return nil, fmt.Errorf("Your query returned no results. Please change your search criteria and try again.")
	}
	return values{
		"id": v.ID, "volumeId": v.ID, "arn": v.ARN, "availabilityZone": v.AvailabilityZone, "createTime": v.CreateTime, "encrypted": v.Encrypted,
		"iops": v.IOPS, "kmsKeyId": v.KMSKeyID, "size": v.Size, "snapshotId": v.SnapshotID, "tags": v.Tags, "throughput": v.Throughput,
		"volumeType": v.Type, "multiAttachEnabled": false, "outpostArn": "", "filters": in["filters"],
	}, nil
}
