package ec2_test

import (
	"context"
	"slices"
	"testing"
	"time"

	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/ec2"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// protecting is an EC2 that refuses calls which are to end some instances.
type protecting struct {
	ec2.EC2
	codes map[string]string // by instance
	calls int
}

func (p *protecting) TerminateInstances(ctx context.Context, in *awsec2.TerminateInstancesInput, opts ...func(*awsec2.Options)) (*awsec2.TerminateInstancesOutput, error) {
	p.calls++
	for _, id := range in.InstanceIds {
		if code := p.codes[id]; code != "" {
			return nil, refusal(400, code)
		}
	}
	return p.EC2.TerminateInstances(ctx, in, opts...)
}

func TestInstancesThatMayNotBeEndedHoldUpNoOthers(t *testing.T) {
	w := newWorld(t)
	launched, _, err := w.launch(t, "gpu", 5, "token")
	require.NoError(t, err)
	var ids []string
	for _, i := range launched {
		ids = append(ids, i.ID)
	}
	p := &protecting{EC2: w.client, codes: map[string]string{ids[1]: "OperationNotPermitted", ids[2]: "SomethingNew", ids[3]: "InvalidInstanceID.NotFound"}}
	w.settings.Region = "us-west-2"
	c := ec2.New(p, w.settings, w.clock)
	err = c.Terminate(t.Context(), ids)
	var kept *allocator.Unended
	require.ErrorAs(t, err, &kept)
	require.Equal(t, map[string]string{
		ids[1]: "instance " + ids[1] + " is protected from that; take the protection off: aws ec2 modify-instance-attribute --region us-west-2 --no-disable-api-termination --instance-id " + ids[1],
		ids[2]: "instance " + ids[2] + ": as AWS says (SomethingNew)",
	}, kept.Why)
	require.Equal(t, api.Conflict, api.CodeOf(err), "EC2 works")
	left, err := w.Instances(t.Context())
	require.NoError(t, err)
	for _, i := range left {
		require.Equal(t, slices.Contains(ids[1:4], i.ID), i.State == allocator.InstanceRunning, i.ID)
	}
}

// Where no call helps, one is enough.
func TestInstancesAreNotEndedOneByOneWhereNoneMayBe(t *testing.T) {
	for _, code := range []string{"UnauthorizedOperation", "Throttling"} {
		w := newWorld(t)
		launched, _, err := w.launch(t, "gpu", 2, "token")
		require.NoError(t, err)
		p := &protecting{EC2: w.client, codes: map[string]string{launched[0].ID: code}}
		err = ec2.New(p, w.settings, w.clock).Terminate(t.Context(), []string{launched[0].ID, launched[1].ID})
		require.ErrorContains(t, err, "as AWS says")
		require.Equal(t, 1, p.calls, code)
	}
}

func TestAnInstanceThatIsNotListedYetMayBeProtected(t *testing.T) {
	var ended []string
	p := &protecting{EC2: late{ended: &ended}, codes: map[string]string{"i-kept": "OperationNotPermitted"}}
	var kept *allocator.Unended
	require.ErrorAs(t, ec2.New(p, deployed.Settings{}, time.Now).Terminate(t.Context(), []string{"i-kept", "i-new"}), &kept)
	require.Contains(t, kept.Why, "i-kept")
	require.Equal(t, []string{"i-new"}, ended)
}
