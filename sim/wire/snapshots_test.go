package wire_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestASnapshotIsTakenWithItsTagsByWhoMay(t *testing.T) {
	w := newWorld(t)
	v := &cloud.Volume{AvailabilityZone: "us-west-2a", Size: 2}
	require.NoError(t, w.CreateVolume(v))
	in := func(of types.ResourceType) *ec2.CreateSnapshotInput {
		return &ec2.CreateSnapshotInput{VolumeId: aws.String(v.ID), Description: aws.String("before the workshop"), TagSpecifications: []types.TagSpecification{{
			ResourceType: of, Tags: []types.Tag{{Key: aws.String("lablink:data"), Value: aws.String("d/e")}},
		}}}
	}
	client := ec2.NewFromConfig(w.developer())
	taken, err := client.CreateSnapshot(t.Context(), in(types.ResourceTypeSnapshot))
	require.NoError(t, err)
	require.Equal(t, []any{types.SnapshotStateCompleted, int32(2)}, []any{taken.State, *taken.VolumeSize})
	s, err := w.Snapshot(*taken.SnapshotId)
	require.NoError(t, err)
	require.Equal(t, []any{v.ID, "before the workshop", map[string]string{"lablink:data": "d/e"}}, []any{s.VolumeID, s.Description, s.Tags})

	_, err = client.CreateSnapshot(t.Context(), in(types.ResourceTypeVolume))
	require.Equal(t, "InvalidParameterValue", code(t, err))
	_, err = client.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: aws.String("vol-0")})
	require.Equal(t, "InvalidVolume.NotFound", code(t, err))
	_, keys := w.machine(t)
	_, err = ec2.NewFromConfig(w.config(keys.AccessKey, keys.Secret, keys.Token)).CreateSnapshot(t.Context(), in(types.ResourceTypeSnapshot))
	require.Equal(t, "UnauthorizedOperation", code(t, err))
	require.Len(t, w.Snapshots(), 1)
}
