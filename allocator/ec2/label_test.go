package ec2_test

import (
	"context"
	"testing"

	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/ec2"
)

// counting counts how often tags are set.
type counting struct {
	ec2.EC2
	calls int
}

func (c *counting) CreateTags(ctx context.Context, in *awsec2.CreateTagsInput, opts ...func(*awsec2.Options)) (*awsec2.CreateTagsOutput, error) {
	c.calls++
	return c.EC2.CreateTags(ctx, in, opts...)
}

func TestTheMarkThatInstancesShareIsSetByOneCall(t *testing.T) {
	w := newWorld(t)
	launched, _, err := w.launch(t, "gpu", 5, "token")
	require.NoError(t, err)
	calls := &counting{EC2: w.client}
	w.Compute = ec2.New(calls, w.settings, w.clock)
	var lack []allocator.Label
	for _, i := range launched {
		lack = append(lack, allocator.Label{Instance: i.ID, Workshop: "wks_other"})
	}
	lack[0].Machine = "mch_1"
	require.NoError(t, w.Label(t.Context(), lack))
	require.Equal(t, 2, calls.calls)
	listed, err := w.Instances(t.Context())
	require.NoError(t, err)
	for _, i := range listed {
		require.Equal(t, "wks_other", i.Workshop)
	}
}
