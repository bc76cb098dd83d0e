package wire

import (
	"fmt"
	"maps"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// createSnapshot takes a snapshot of a volume. AWS asks for both, the volume and
// the snapshot, and for the tags that the snapshot is to have.
func (s *Server) createSnapshot(c call, q *query) (any, error) {
	made := cloud.Snapshot{VolumeID: q.get("VolumeId"), Description: q.get("Description"), Tagged: cloud.Tagged{Tags: map[string]string{}}}
	for n := range q.count("TagSpecification") {
		at := fmt.Sprintf("TagSpecification.%d.", n+1)
		if kind := q.get(at + "ResourceType"); kind != "snapshot" {
			return nil, &cloud.Error{Code: "InvalidParameterValue", Message: "'" + kind + "' is not a valid taggable resource type for this operation.", Status: 400}
		}
		maps.Copy(made.Tags, q.tags(at+"Tag"))
	}
	if err := q.rest(); err != nil {
		return nil, err
	}
	v, err := s.account.Volume(made.VolumeID)
	if err != nil {
		return nil, err
	}
	if err := s.authorize(c, "ec2:CreateSnapshot", tagContext("aws:ResourceTag/", v.Tags), s.arn("volume/"+v.ID)); err != nil {
		return nil, err
	}
	request, snapshot := tagContext("aws:RequestTag/", made.Tags), "arn:aws:ec2:"+s.account.Region()+"::snapshot/*"
	if err := s.authorize(c, "ec2:CreateSnapshot", request, snapshot); err != nil {
		return nil, err
	}
	if len(made.Tags) > 0 {
		request["ec2:CreateAction"] = []string{"CreateSnapshot"}
		if err := s.authorize(c, "ec2:CreateTags", request, snapshot); err != nil {
			return nil, err
		}
	}
	if err := s.account.CreateSnapshot(&made); err != nil {
		return nil, err
	}
	out := struct {
		response
		ID        string `xml:"snapshotId"`
		VolumeID  string `xml:"volumeId"`
		Size      int    `xml:"volumeSize"`
		Encrypted bool   `xml:"encrypted"`
		State     string `xml:"status"`
		StartTime string `xml:"startTime"`
	}{newResponse(), made.ID, made.VolumeID, made.VolumeSize, made.Encrypted, "completed", made.StartTime}
	return out, nil
}
