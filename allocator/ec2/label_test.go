package ec2_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/ec2"
	"github.com/talmolab/lablink-infrastructure/api"
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
	tried, err := w.Label(t.Context(), lack)
	require.NoError(t, err)
	require.Equal(t, []int{5, 2}, []int{tried, calls.calls})
	listed, err := w.Instances(t.Context())
	require.NoError(t, err)
	for _, i := range listed {
		require.Equal(t, "wks_other", i.Workshop)
	}
}

// without refuses to tag an instance, and each call that it is in.
type without struct {
	ec2.EC2
	refused string
	code    string
	calls   *int
}

func (e without) CreateTags(ctx context.Context, in *awsec2.CreateTagsInput, opts ...func(*awsec2.Options)) (*awsec2.CreateTagsOutput, error) {
	*e.calls++
	if slices.Contains(in.Resources, e.refused) {
		return nil, &smithy.GenericAPIError{Code: e.code, Message: "as AWS says"}
	}
	return e.EC2.CreateTags(ctx, in, opts...)
}

func TestAnInstanceThatCannotBeMarkedHoldsUpNoOther(t *testing.T) {
	w := newWorld(t)
	launched, _, err := w.launch(t, "gpu", 3, "token")
	require.NoError(t, err)
	var lack []allocator.Label
	for n, i := range launched {
		lack = append(lack, allocator.Label{Instance: i.ID, Workshop: "wks_other", Machine: fmt.Sprintf("mch_%d", n)})
	}
	calls := 0
	w.Compute = ec2.New(without{w.client, launched[0].ID, "InvalidInstanceID.NotFound", &calls}, w.settings, w.clock)
	tried, err := w.Label(t.Context(), lack)
	require.ErrorContains(t, err, launched[0].ID)
	require.Equal(t, []int{3, 7}, []int{tried, calls}, "together, each alone, and what each is")
	listed, err := w.Instances(t.Context())
	require.NoError(t, err)
	marked := 0
	for _, i := range listed {
		if i.Workshop == "wks_other" && i.Machine != "" {
			marked++
		}
	}
	require.Equal(t, 2, marked)

	calls = 0
	w.Compute = ec2.New(without{w.client, launched[0].ID, "RequestLimitExceeded", &calls}, w.settings, w.clock)
	_, err = w.Label(t.Context(), lack)
	require.Equal(t, api.Unavailable, api.CodeOf(err))
	require.Equal(t, 4, calls, "it asks to go slower")
	over, cancel := context.WithCancel(t.Context())
	cancel()
	tried, err = w.Label(over, lack)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, tried)
}
