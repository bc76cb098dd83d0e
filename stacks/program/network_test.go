package program_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// dynamic is an allocator of the local stack without an elastic address.
const dynamic = `{"ami": "ami-051700000000000a1", "instanceType": "sim.small", "dataVolumeGiB": 1, "address": "dynamic"}`

const (
	aVPC   = "vpc-0123456789abcdef0"
	first  = "subnet-0123456789abcdef1"
	second = "subnet-0123456789abcdef2"
)

// inVPC is a run in a VPC that is there.
func inVPC(t *testing.T, stack string) *run {
	t.Helper()
	r := stackOf(t, stack).set(map[string]string{"lablink:network": `{"vpcId": "` + aVPC + `", "subnetIds": ["` + first + `", "` + second + `"]}`})
	r.account.VPCs = map[string]map[string]recording.Subnet{aVPC: {
		first: {Zone: r.account.Zones[1], Cidr: "10.0.0.0/24"}, second: {Zone: r.account.Zones[0], Cidr: "10.0.1.0/24"},
	}}
	return r
}

// agentsAreTold is where a pool's machines reach the allocator.
func agentsAreTold(t *testing.T, r *recording.Recording) string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(r.Named("pool-gpu-template").Text("userData"))
	require.NoError(t, err)
	return string(raw)
}

func subnetsOf(t *testing.T, r *recording.Recording) []string {
	t.Helper()
	return told(t, r).Pools[0].SubnetIDs
}

// told are the settings that the allocator is told.
func told(t *testing.T, r *recording.Recording) deployed.Settings {
	t.Helper()
	settings, err := deployed.Decode([]byte(r.Named("release-settings").Text("content")))
	require.NoError(t, err)
	return settings
}

// mayLaunch is what the host's role says to a launch into a subnet.
func mayLaunch(t *testing.T, r *recording.Recording, subnet string) iam.Decision {
	t.Helper()
	policy := parse(t, r.Named("host-permissions").Text("policy"), iam.Identity)
	return iam.Evaluate(iam.Request{Action: "ec2:CreateFleet", Resource: ec2 + "subnet/" + subnet}, policy)
}

func TestWithNATMachinesAreLaunchedIntoPrivateSubnets(t *testing.T) {
	r := stackOf(t, "prod").set(map[string]string{"lablink:network": `{"nat": true, "zones": ["us-west-2a", "us-west-2b"]}`}).record(t)
	assert.Equal(t, []string{"network-private-subnet-a-id", "network-private-subnet-b-id"}, subnetsOf(t, r))
	assert.Equal(t, "false", r.Named("pool-gpu-template").Get("networkInterfaces[0].associatePublicIpAddress"))
	assert.Equal(t, iam.Allowed, mayLaunch(t, r, "network-private-subnet-b-id"))
	assert.Equal(t, iam.Implicit, mayLaunch(t, r, "network-subnet-b-id"), "the allocator's subnets are not theirs")
	assert.Equal(t, "network-subnet-a-id", r.Named("host-interface").Text("subnetId"))
	assert.Contains(t, r.Named("pool-gpu-template").DependsOn, "network-private-internet")
	assert.Contains(t, agentsAreTold(t, r), "'--allocator-url' 'https://10.20.0.10'")

	without := stackOf(t, "prod").record(t)
	assert.Equal(t, []string{"network-subnet-a-id", "network-subnet-b-id"}, subnetsOf(t, without))
	assert.Equal(t, "true", without.Named("pool-gpu-template").Get("networkInterfaces[0].associatePublicIpAddress"))
	assert.Empty(t, without.Of("aws:ec2/natGateway:NatGateway"))
}

func TestAnEnvironmentStandsInAnExistingVPC(t *testing.T) {
	r := inVPC(t, "prod").record(t)
	assert.Empty(t, r.Of("aws:ec2/vpc:Vpc"))
	assert.Empty(t, r.Of("aws:ec2/subnet:Subnet"))
	assert.Equal(t, "us-west-2b", r.Named("host-data").Text("availabilityZone"), "the host stands in the first subnet")
	assert.Equal(t, first, r.Named("host-interface").Text("subnetId"))
	assert.Equal(t, []string{first, second}, subnetsOf(t, r))
	assert.Equal(t, map[string]string{first: "us-west-2b", second: "us-west-2a"}, told(t, r).Zones)
	assert.Equal(t, iam.Allowed, mayLaunch(t, r, second))
	assert.Equal(t, "true", r.Named("pool-gpu-template").Get("networkInterfaces[0].associatePublicIpAddress"), "they lead to an internet gateway")
	assert.Equal(t, "https://10.99.0.4", r.Outputs["agentUrl"].Value, "the address that AWS chose")
	assert.Contains(t, agentsAreTold(t, r), "'--allocator-url' 'https://10.99.0.4'")
	assert.Equal(t, aVPC, r.Outputs["vpcId"].Value)
	assert.Equal(t, []string{first, second}, r.Outputs["subnetIds"].Value)
	assert.Equal(t, iam.Allowed, iam.Evaluate(iam.Request{Action: "ec2:CreateNetworkInterface", Resource: ec2 + "subnet/" + first}, policiesOf(t, r, "identity-deploy")...))
}

func TestAnExistingVPCThatDoesNotFitIsRefusedBeforeAnythingIsDeclared(t *testing.T) {
	for _, c := range []struct {
		why   string
		spoil func(*run)
		says  string
	}{
		{"a VPC of another account", func(r *run) { r.account.VPCs = nil }, "lablink:network.vpcId: " + aVPC},
		{"a subnet that is gone", func(r *run) { delete(r.account.VPCs[aVPC], second) }, "lablink:network.subnetIds[1]: " + second},
		{"the host's type elsewhere", func(r *run) { r.offered(map[string]string{"t4g.small": "a"}) }, "lablink:network.subnetIds: the first is the host's, but us-west-2b does not offer t4g.small"},
		{"a pool's types elsewhere", func(r *run) { r.offered(map[string]string{"g5.xlarge": "c", "g4dn.xlarge": "c", "g6.xlarge": "c"}) }, "lablink:network.subnetIds: none of [us-west-2b us-west-2a] offers one of"},
		{"one zone for RDS", func(r *run) {
			r.set(map[string]string{"lablink:database": `{"engine": "postgres"}`})
			r.account.VPCs[aVPC][second] = r.account.VPCs[aVPC][first]
		}, "but RDS (database.engine: postgres) needs subnets in two zones"},
		{"one zone for a load balancer", func(r *run) {
			r.set(map[string]string{"lablink:tls": `{"mode": "acm"}`})
			r.account.VPCs[aVPC][second] = r.account.VPCs[aVPC][first]
		}, "but a load balancer (tls.mode: acm, or allocator.replicas above 1) needs subnets in two zones"},
	} {
		r := inVPC(t, "prod")
		c.spoil(r)
		recorded, err := r.do(recording.Preview)
		assert.ErrorContains(t, err, c.says, c.why)
		assert.Empty(t, recorded.Names(), c.why)
	}
}

func TestMachinesOfPrivateSubnetsOfAnExistingVPCGetNoPublicAddress(t *testing.T) {
	r := inVPC(t, "prod")
	for id, s := range r.account.VPCs[aVPC] {
		s.Private, s.NoPublicIPs = true, true
		r.account.VPCs[aVPC][id] = s
	}
	assert.Nil(t, r.record(t).Named("pool-gpu-template").Get("networkInterfaces[0].associatePublicIpAddress"), "the subnets decide")
}

// Load balancers have addresses of the subnets that they stand in, whatever else
// the VPC holds.
func TestInAnExistingVPCTheAllocatorBelievesTheSubnetsOfItsBalancers(t *testing.T) {
	r := inVPC(t, "prod").set(map[string]string{
		"lablink:dns": `{"provider": "route53", "domain": "lab.example.org"}`, "lablink:tls": `{"mode": "acm"}`,
	})
	vpcs := r.account.VPCs
	r.fit(t).account.VPCs = vpcs
	recorded := r.record(t)
	told, err := deployed.Decode([]byte(recorded.Named("release-settings").Text("content")))
	require.NoError(t, err)
	assert.Equal(t, []string{"10.0.0.0/24", "10.0.1.0/24"}, told.TrustedProxies)
	assert.Equal(t, []any{first, second}, recorded.Named("balancer-people").Get("subnets"))
	assert.Equal(t, "https://internal-lablink-agents-prod-1234567890.us-west-2.elb.amazonaws.com", recorded.Outputs["agentUrl"].Value)
}

// One zone is enough for one host with its data on a volume.
func TestOneSubnetOfAnExistingVPCIsEnoughForOneHost(t *testing.T) {
	r := inVPC(t, "prod").set(map[string]string{"lablink:network": `{"vpcId": "` + aVPC + `", "subnetIds": ["` + second + `"]}`}).record(t)
	assert.Equal(t, []string{second}, subnetsOf(t, r))
}

func TestADynamicAddressIsTheInstances(t *testing.T) {
	r := stackOf(t, "local").set(map[string]string{"lablink:allocator": dynamic}).record(t)
	assert.Empty(t, r.Of("aws:ec2/eip:Eip"))
	assert.Equal(t, "203.0.113.20", r.Outputs["publicAddress"].Value)
	assert.Equal(t, "http://203.0.113.20", r.Outputs["url"].Value)
	assert.Equal(t, "http://10.20.0.10", r.Outputs["agentUrl"].Value, "machines reach it where it always is")
	assert.Equal(t, "10.20.0.10", r.Named("host-instance").Text("privateIp"))
}

// Neither what people type nor what machines were told depends on the instance.
func TestAnotherHostChangesNoAddressInAPreview(t *testing.T) {
	r := stackOf(t, "prod")
	before, err := r.do(recording.Preview)
	require.NoError(t, err)
	r.account.Planned = []string{"host-instance"}
	after, err := r.do(recording.Preview)
	require.NoError(t, err)
	for _, name := range []string{"dns-record", "host-interface", "host-address-association", "pool-gpu-template", "release-pointer"} {
		require.NotEmpty(t, before.Named(name).Inputs, name)
		assert.Equal(t, before.Named(name).Inputs, after.Named(name).Inputs, name)
	}
	assert.Equal(t, before.Outputs["url"], after.Outputs["url"])
	assert.Equal(t, before.Outputs["publicAddress"], after.Outputs["publicAddress"])
}

// What settings take fits into the 60 rules that AWS gives a group.
func TestTheMostRangesFitIntoASecurityGroup(t *testing.T) {
	var ranges []string
	for i := range 29 {
		ranges = append(ranges, fmt.Sprintf(`"198.51.%d.0/24"`, i))
	}
	set := map[string]string{"lablink:network": `{"allowedCidrs": [` + strings.Join(ranges, ", ") + `]}`}
	for why, tls := range map[string]string{"at the host": `{"email": "lab@example.org", "challenge": "dns"}`, "at a load balancer": `{"mode": "acm"}`} {
		set["lablink:tls"] = tls
		rules := map[string]int{}
		for _, r := range stackOf(t, "test").set(set).record(t).Of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule") {
			rules[r.Text("securityGroupId")]++
		}
		most := slices.Max(slices.Collect(maps.Values(rules)))
		assert.True(t, most > 57 && most <= 60, "%d rules %s", most, why)
	}
}
