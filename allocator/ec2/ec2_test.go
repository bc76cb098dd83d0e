package ec2_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/ec2"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

// world is a simulated account with what a pool needs.
type world struct {
	*ec2.Compute
	account  *cloud.Account
	client   *awsec2.Client
	settings deployed.Settings
	now      time.Time
	vpc      string
}

func (w *world) clock() time.Time { return w.now }

func newWorld(t *testing.T) *world {
	t.Helper()
	account, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64"})
	require.NoError(t, err)
	server := httptest.NewServer(wire.NewServer(account, time.Now))
	t.Cleanup(server.Close)
	w := &world{account: account, now: time.Now(), client: awsec2.NewFromConfig(aws.Config{
		Region: account.Region(), BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: cloud.DeveloperKey, SecretAccessKey: cloud.DeveloperSecret}, nil
		}),
	})}
	vpc := &cloud.VPC{CidrBlock: "10.0.0.0/16"}
	require.NoError(t, account.CreateVPC(vpc))
	w.vpc = vpc.ID
	var subnets []string
	zones := map[string]string{}
	for i, cidr := range []string{"10.0.0.0/24", "10.0.1.0/24"} {
		s := &cloud.Subnet{VPCID: vpc.ID, CidrBlock: cidr, AvailabilityZone: account.AvailabilityZones()[i]}
		require.NoError(t, account.CreateSubnet(s))
		subnets = append(subnets, s.ID)
		zones[s.ID] = s.AvailabilityZone
	}
	w.settings = deployed.Settings{Deployment: "lab", Environment: "test", Region: account.Region(), Zones: zones, Pools: []deployed.Pool{{
		Name: "gpu", InstanceTypes: []string{"sim.gpu", "sim.gpu.large"}, SubnetIDs: subnets, LaunchTemplateID: w.template(t, "lab"),
	}}}
	w.Compute = ec2.New(w.client, w.settings, w.clock)
	return w
}

// template makes a launch template whose machines carry a deployment's tags.
func (w *world) template(t *testing.T, deployment string) string {
	t.Helper()
	lt := &cloud.LaunchTemplate{
		Name: "machines-of-" + deployment, ImageID: "ami-051700000000000a2", InstanceType: "sim.gpu",
		TagSpecifications: []cloud.TagSpecification{{ResourceType: "instance", Tags: map[string]string{
			"lablink:deployment": deployment, "lablink:environment": "test", "lablink:managed-by": "allocator",
		}}},
	}
	require.NoError(t, w.account.CreateLaunchTemplate(lt))
	return lt.ID
}

// both are the types of the pools, in either market.
func (w *world) both() (k allocator.Kinds) {
	for _, p := range w.settings.Pools {
		k.OnDemand, k.Spot = append(k.OnDemand, p.InstanceTypes...), append(k.Spot, p.InstanceTypes...)
	}
	return k
}

// launch plans and launches.
func (w *world) launch(t *testing.T, pool string, count int, token string) ([]allocator.Instance, []allocator.Refusal, error) {
	t.Helper()
	request, err := w.Plan(pool, "wks_1", count, token, w.both())
	if err != nil {
		return nil, nil, err
	}
	return w.Launch(t.Context(), request)
}

func (w *world) exhaust(t *testing.T, faults ...cloud.CapacityFault) {
	t.Helper()
	require.NoError(t, w.account.SetFaults(cloud.Faults{InsufficientCapacity: faults}))
}

func TestMachinesAreLaunchedListedLabelledAndEnded(t *testing.T) {
	w := newWorld(t)
	launched, refusals, err := w.launch(t, "gpu", 2, "token")
	require.NoError(t, err)
	require.Empty(t, refusals)
	require.Len(t, launched, 2)
	again, _, err := w.launch(t, "gpu", 2, "token")
	require.NoError(t, err)
	require.Equal(t, launched, again, "the same token is the same launch")
	_, err = w.Label(t.Context(), []allocator.Label{{Instance: launched[0].ID, Machine: "mch_1"}})
	require.NoError(t, err)
	i, err := w.account.Instance(launched[0].ID)
	require.NoError(t, err)
	require.Equal(t, []string{"mch_1", "wks_1"}, []string{i.Tags["lablink:machine"], i.Tags["lablink:workshop"]}, "a launch marks the workshop")
	listed, err := w.Instances(t.Context())
	require.NoError(t, err)
	require.Len(t, listed, 2)
	for n, machine := range []string{"mch_1", ""} {
		at := slices.IndexFunc(listed, func(i allocator.Instance) bool { return i.ID == launched[n].ID })
		require.Equal(t, []string{machine, "wks_1"}, []string{listed[at].Machine, listed[at].Workshop})
	}
	require.Equal(t, allocator.InstanceRunning, listed[0].State)
	require.NoError(t, w.Terminate(t.Context(), []string{launched[0].ID, launched[1].ID}))
	require.NoError(t, w.Terminate(t.Context(), []string{launched[0].ID}), "gone is no error")
	listed, err = w.Instances(t.Context())
	require.NoError(t, err)
	for _, i := range listed {
		require.Equal(t, allocator.InstanceGone, i.State)
	}
}

func TestAZoneWithoutCapacityIsGotAround(t *testing.T) {
	w := newWorld(t)
	zones := w.account.AvailabilityZones()
	w.exhaust(t, cloud.CapacityFault{Zone: zones[0]})
	launched, refusals, err := w.launch(t, "gpu", 3, "token")
	require.NoError(t, err)
	require.Len(t, launched, 3)
	for _, i := range launched {
		require.Equal(t, zones[1], i.Zone)
	}
	require.Equal(t, []allocator.Refusal{{
		Code: api.Capacity, Type: "sim.gpu", Where: zones[0], Why: "AWS has no such machine free at the moment",
	}}, refusals)
}

// A release before this one told the zones of no subnets.
func TestASubnetIsCalledByItsIDWhereItsZoneIsNotKnown(t *testing.T) {
	w := newWorld(t)
	w.settings.Zones = nil
	w.Compute = ec2.New(w.client, w.settings, w.clock)
	w.exhaust(t, cloud.CapacityFault{Zone: w.account.AvailabilityZones()[0]})
	_, refusals, err := w.launch(t, "gpu", 1, "token")
	require.NoError(t, err)
	require.Equal(t, w.settings.Pools[0].SubnetIDs[0], refusals[0].Where)
}

func TestASubnetThatIsFullIsNamed(t *testing.T) {
	w := newWorld(t)
	tiny := &cloud.Subnet{VPCID: w.vpc, CidrBlock: "10.0.2.0/28", AvailabilityZone: w.account.AvailabilityZones()[2]}
	require.NoError(t, w.account.CreateSubnet(tiny))
	w.settings.Pools[0].SubnetIDs, w.settings.Zones = []string{tiny.ID}, map[string]string{tiny.ID: tiny.AvailabilityZone}
	w.Compute = ec2.New(w.client, w.settings, w.clock)
	_, refusals, err := w.launch(t, "gpu", 12, "token")
	require.NoError(t, err)
	require.Equal(t, "waiting for machines: sim.gpu in "+tiny.AvailabilityZone+": the subnet has no free address left ("+tiny.ID+"); sim.gpu.large in "+tiny.AvailabilityZone+": the subnet has no free address left ("+tiny.ID+")", allocator.Refusals(refusals))
}

func TestThePreferredTypeIsTakenAlsoWhenItCostsMore(t *testing.T) {
	w := newWorld(t)
	w.settings.Pools[0].InstanceTypes = []string{"sim.gpu.large", "sim.gpu"}
	w.Compute = ec2.New(w.client, w.settings, w.clock)
	for _, want := range []string{"sim.gpu.large", "sim.gpu"} {
		launched, _, err := w.launch(t, "gpu", 1, "token of "+want)
		require.NoError(t, err)
		require.Equal(t, want, launched[0].Type)
		w.exhaust(t, cloud.CapacityFault{InstanceType: "sim.gpu.large"})
	}
}

func TestNoCapacityAnywhereIsNoErrorButSaysWhere(t *testing.T) {
	w := newWorld(t)
	w.exhaust(t, cloud.CapacityFault{})
	launched, refusals, err := w.launch(t, "gpu", 3, "token")
	require.NoError(t, err)
	require.Empty(t, launched)
	require.Len(t, refusals, 4, "two types in two zones")
}

func TestAMachineIsRebooted(t *testing.T) {
	w := newWorld(t)
	launched, _, err := w.launch(t, "gpu", 1, "op-1")
	require.NoError(t, err)
	require.NoError(t, w.Reboot(t.Context(), launched[0].ID))
	require.NoError(t, w.Terminate(t.Context(), []string{launched[0].ID}))
	require.ErrorContains(t, w.Reboot(t.Context(), launched[0].ID), "not in the 'running' state")
}

func TestInstancesOfOthersAreNeitherListedNorEnded(t *testing.T) {
	w := newWorld(t)
	f, err := w.account.CreateFleet(cloud.FleetRequest{
		LaunchTemplateID: w.template(t, "somebody-else"), Version: "$Latest", Target: 1,
		Overrides: []cloud.FleetOverride{{SubnetID: w.settings.Pools[0].SubnetIDs[0]}},
	})
	require.NoError(t, err)
	listed, err := w.Instances(t.Context())
	require.NoError(t, err)
	require.Empty(t, listed)
	require.NoError(t, w.Terminate(t.Context(), []string{f.Instances[0].ID}))
	require.ErrorContains(t, w.Reboot(t.Context(), f.Instances[0].ID), "is not rebooted")
	i, err := w.account.Instance(f.Instances[0].ID)
	require.NoError(t, err)
	require.Equal(t, "running", i.InstanceState)
}

func TestALaunchIsRepeatedWordForWordUnderOtherSettings(t *testing.T) {
	w := newWorld(t)
	request, err := w.Plan("gpu", "wks_1", 2, "op_1-1", w.both())
	require.NoError(t, err)
	first, _, err := w.Launch(t.Context(), request)
	require.NoError(t, err)
	w.settings.Pools[0].InstanceTypes = []string{"sim.gpu.large"}
	w.Compute = ec2.New(w.client, w.settings, w.clock)
	again, _, err := w.Launch(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, _, err = w.launch(t, "gpu", 2, "op_1-1")
	require.Equal(t, api.Invalid, api.CodeOf(err), "the same token with other words: %v", err)
	listed, err := w.Instances(t.Context())
	require.NoError(t, err)
	require.Len(t, listed, 2)
	for _, i := range listed {
		require.Equal(t, "op_1-1", i.Attempt)
		require.WithinDuration(t, time.Now(), i.LaunchedAt, time.Minute)
	}
}

// late is an EC2 that does not list anything yet, but ends what it is told to.
type late struct {
	ec2.EC2
	ended *[]string
}

var notFound = refusal(http.StatusBadRequest, "InvalidInstanceID.NotFound")

func (late) DescribeInstances(_ context.Context, in *awsec2.DescribeInstancesInput, _ ...func(*awsec2.Options)) (*awsec2.DescribeInstancesOutput, error) {
	if len(in.InstanceIds) > 0 {
		return nil, notFound
	}
	return &awsec2.DescribeInstancesOutput{}, nil
}

func (l late) TerminateInstances(_ context.Context, in *awsec2.TerminateInstancesInput, _ ...func(*awsec2.Options)) (*awsec2.TerminateInstancesOutput, error) {
	*l.ended = append(*l.ended, in.InstanceIds...)
	if slices.Contains(in.InstanceIds, "i-unknown") {
		return nil, notFound
	}
	return &awsec2.TerminateInstancesOutput{}, nil
}

func TestAnInstanceThatIsNotListedYetIsEndedNevertheless(t *testing.T) {
	var ended []string
	c := ec2.New(late{ended: &ended}, deployed.Settings{}, time.Now)
	require.NoError(t, c.Terminate(t.Context(), []string{"i-unknown", "i-new"}))
	require.Equal(t, []string{"i-unknown", "i-new"}, ended)
}

func TestAPoolThatIsGoneIsRefused(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.launch(t, "cpu", 1, "token")
	require.Equal(t, api.Invalid, api.CodeOf(err))
	require.NoError(t, w.account.DeleteLaunchTemplate(w.settings.Pools[0].LaunchTemplateID))
	_, _, err = w.launch(t, "gpu", 1, "token")
	require.Equal(t, api.Invalid, api.CodeOf(err))
	require.ErrorContains(t, err, "deploy the stack again")
}

// refusing is an EC2 that answers CreateFleet with an error.
type refusing struct {
	ec2.EC2
	err error
}

func (r refusing) CreateFleet(context.Context, *awsec2.CreateFleetInput, ...func(*awsec2.Options)) (*awsec2.CreateFleetOutput, error) {
	return nil, r.err
}

// refusal is an error as the SDK returns it.
func refusal(status int, code string) error {
	return &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      &smithy.GenericAPIError{Code: code, Message: "as AWS says"},
	}
}

func TestErrorsOfTheWholeCallAreUnderstood(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		status int
		code   string
		want   api.Code
	}{
		{403, "UnauthorizedOperation", api.Forbidden},
		{400, "VcpuLimitExceeded", api.Quota},
		{503, "RequestLimitExceeded", api.Unavailable},
		{400, "InsufficientInstanceCapacity", api.Capacity},
		{400, "PendingVerification", api.Forbidden},
		{400, "OptInRequired", api.Forbidden},
		{400, "InvalidFleetConfig", api.Invalid},
		{400, "InvalidLaunchTemplateName.NotFoundException", api.Invalid},
		{400, "InvalidParameterValue", api.Invalid},
		{400, "SomethingNew", api.Invalid},
		// These may be gone the next time.
		{500, "SomethingNew", ""},
		{429, "SomethingNew", ""},
		{400, "Throttling", ""},
		{400, "RequestExpired", ""},
		{403, "ExpiredToken", ""},
		{403, "SignatureDoesNotMatch", ""},
	} {
		compute := ec2.New(refusing{w.client, refusal(c.status, c.code)}, w.settings, time.Now)
		_, _, err := (&world{Compute: compute, settings: w.settings}).launch(t, "gpu", 1, "token")
		require.Equal(t, c.want, api.CodeOf(err), "%d %s", c.status, c.code)
		require.ErrorContains(t, err, "as AWS says")
		require.ErrorContains(t, err, c.code)
	}
	lost := errors.New("connection reset")
	w.Compute = ec2.New(refusing{w.client, lost}, w.settings, time.Now)
	_, _, err := w.launch(t, "gpu", 1, "token")
	require.ErrorIs(t, err, lost)
}
