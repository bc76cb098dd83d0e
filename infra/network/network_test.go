package network_test

import (
	"strconv"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/network"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

const ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"

func good() *network.NetworkArgs {
	return &network.NetworkArgs{
		Namer: naming.Namer{Deployment: "lablink", Environment: "test", Region: "us-west-2"}, Cidr: "10.20.0.0/16",
		Zones: []string{"us-west-2a", "us-west-2b"}, AllowedCidrs: []string{"0.0.0.0/0"}, AgentPort: 443,
	}
}

func declare(args *network.NetworkArgs) (*recording.Recording, error) {
	return recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		n, err := network.NewNetwork(ctx, "network", args)
		if err != nil {
			return err
		}
		ctx.Export("subnetIds", n.SubnetIDs)
		ctx.Export("clientSubnetIds", n.ClientSubnetIDs)
		ctx.Export("allocatorGroup", n.AllocatorGroup)
		ctx.Export("clientGroup", n.ClientGroup)
		ctx.Export("vpcId", n.VPCID)
		clients := pulumi.String("as their subnets say")
		if n.ClientsPublic != nil {
			clients = pulumi.String(strconv.FormatBool(*n.ClientsPublic))
		}
		ctx.Export("clientsPublic", clients)
		ctx.Export("host", pulumi.String(n.Subnets[0].Zone+" "+n.Subnets[0].Host))
		return nil
	})
}

func TestEachZoneGetsASubnetThatLeadsToTheInternet(t *testing.T) {
	r, err := declare(good())
	require.NoError(t, err)
	for i, name := range []string{"network-subnet-a", "network-subnet-b"} {
		subnet := r.Named(name)
		assert.Equal(t, good().Zones[i], subnet.Text("availabilityZone"))
		assert.Equal(t, "network-routes-id", r.Named(name+"-routes").Text("routeTableId"))
	}
	assert.Equal(t, "network-gateway-id", r.Named("network-internet").Text("gatewayId"))
	assert.Equal(t, "com.amazonaws.us-west-2.s3", r.Named("network-s3").Text("serviceName"))
	assert.Equal(t, []string{"network-subnet-a-id", "network-subnet-b-id"}, r.Outputs["subnetIds"].Value)
	assert.Equal(t, r.Outputs["subnetIds"].Value, r.Outputs["clientSubnetIds"].Value)
	assert.Equal(t, "true", r.Outputs["clientsPublic"].Value)
	assert.Equal(t, "us-west-2a 10.20.0.10", r.Outputs["host"].Value)
	assert.Equal(t, "network-allocator-id", r.Outputs["allocatorGroup"].Value)
	assert.Equal(t, "network-clients-id", r.Outputs["clientGroup"].Value)
}

// The allocator stays public; its clients reach out by one gateway, and S3 past it.
func TestWithNATClientsHaveSubnetsThatLeadOutByOneGateway(t *testing.T) {
	args := good()
	args.NAT = true
	r, err := declare(args)
	require.NoError(t, err)
	assert.Equal(t, []string{"network-subnet-a-id", "network-subnet-b-id"}, r.Outputs["subnetIds"].Value)
	assert.Equal(t, []string{"network-private-subnet-a-id", "network-private-subnet-b-id"}, r.Outputs["clientSubnetIds"].Value)
	assert.Equal(t, "false", r.Outputs["clientsPublic"].Value)
	for i, name := range []string{"network-private-subnet-a", "network-private-subnet-b"} {
		assert.Equal(t, args.Zones[i], r.Named(name).Text("availabilityZone"))
		assert.Equal(t, false, r.Named(name).Get("mapPublicIpOnLaunch"))
		assert.Equal(t, "network-private-routes-id", r.Named(name+"-routes").Text("routeTableId"))
	}
	nat := r.Named("network-nat")
	assert.Equal(t, []any{"network-subnet-a-id", "network-nat-address-id", "10.20.0.11"}, []any{nat.Get("subnetId"), nat.Get("allocationId"), nat.Get("privateIp")})
	assert.Contains(t, nat.DependsOn, "network-internet", "it needs the way out itself")
	assert.Equal(t, "network-nat-id", r.Named("network-private-internet").Text("natGatewayId"))
	assert.Equal(t, []any{"network-routes-id", "network-private-routes-id"}, r.Named("network-s3").Get("routeTableIds"))
	assert.Len(t, r.Of("aws:ec2/natGateway:NatGateway"), 1)
	before, err := declare(good())
	require.NoError(t, err)
	for _, subnet := range before.Of("aws:ec2/subnet:Subnet") {
		assert.Equal(t, subnet, r.Named(subnet.Name), "the public ones stay as they are")
	}
}

func TestAnExistingVPCGetsSecurityGroupsAndNothingElse(t *testing.T) {
	args := good()
	args.Cidr, args.Zones = "", nil
	args.Existing = &network.Existing{VPCID: "vpc-1", Subnets: []network.ExistingSubnet{{ID: "subnet-2", Zone: "us-west-2c"}, {ID: "subnet-1", Zone: "us-west-2a"}}}
	r, err := declare(args)
	require.NoError(t, err)
	for _, record := range r.Records {
		if record.Custom {
			assert.Contains(t, record.Type, "ecurityGroup", record.Name)
		}
	}
	for _, group := range r.Of("aws:ec2/securityGroup:SecurityGroup") {
		assert.Equal(t, "vpc-1", group.Text("vpcId"))
	}
	assert.Equal(t, "vpc-1", r.Outputs["vpcId"].Value)
	for _, output := range []string{"subnetIds", "clientSubnetIds"} {
		assert.Equal(t, []string{"subnet-2", "subnet-1"}, r.Outputs[output].Value, output)
	}
	assert.Equal(t, "as their subnets say", r.Outputs["clientsPublic"].Value)
	assert.Equal(t, "us-west-2c ", r.Outputs["host"].Value, "AWS chooses the address")
}

func TestPeopleComeInFromAllowedRangesAndClientsByTheirGroup(t *testing.T) {
	args := good()
	args.AllowedCidrs = []string{"192.0.2.0/24", "198.51.100.0/24"}
	r, err := declare(args)
	require.NoError(t, err)

	type rule struct {
		group, cidr, from string
		port              any
	}
	var rules []rule
	for _, x := range r.Of(ingress) {
		require.Equal(t, x.Get("fromPort"), x.Get("toPort"), "%s opens one port", x.Name)
		rules = append(rules, rule{x.Text("securityGroupId"), x.Text("cidrIpv4"), x.Text("referencedSecurityGroupId"), x.Get("fromPort")})
	}
	assert.ElementsMatch(t, []rule{
		{"network-allocator-id", "192.0.2.0/24", "", 80.0}, {"network-allocator-id", "198.51.100.0/24", "", 80.0},
		{"network-allocator-id", "192.0.2.0/24", "", 443.0}, {"network-allocator-id", "198.51.100.0/24", "", 443.0},
		{"network-allocator-id", "", "network-clients-id", 443.0},
	}, rules)
}

func TestBehindABalancerNobodyComesInByThisPackage(t *testing.T) {
	args := good()
	args.Balanced, args.AllowedCidrs, args.AgentPort = true, nil, 0
	r, err := declare(args)
	require.NoError(t, err)
	assert.Empty(t, r.Of(ingress))
	direct, err := declare(good())
	require.NoError(t, err)
	assert.Equal(t, direct.Named("network-allocator"), r.Named("network-allocator"), "a balancer that is put before it leaves the group as it is")
}

func TestWhatIsReadyAreAllRoutesAndRules(t *testing.T) {
	args := good()
	args.AllowedCidrs, args.NAT = []string{"192.0.2.0/24", "198.51.100.0/24"}, true
	r, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		n, err := network.NewNetwork(ctx, "network", args)
		if err != nil {
			return err
		}
		user := &pulumi.ResourceState{}
		return ctx.RegisterComponentResource("test:test:User", "user", user, pulumi.DependsOn(n.Ready))
	})
	require.NoError(t, err)
	var want []string
	for _, kind := range []string{
		ingress, "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", "aws:ec2/route:Route",
		"aws:ec2/routeTableAssociation:RouteTableAssociation", "aws:ec2/vpcEndpoint:VpcEndpoint",
	} {
		for _, record := range r.Of(kind) {
			want = append(want, record.Name)
		}
	}
	assert.Len(t, want, 14)
	assert.ElementsMatch(t, want, r.Named("user").DependsOn)
}

// Rules that were named by their place in the list would swap their ranges, and
// EC2 refuses the second rule while the first still has its range.
func TestAnotherRangeInTheListChangesNoRuleThatIsThere(t *testing.T) {
	before, err := declare(good())
	require.NoError(t, err)
	args := good()
	args.AllowedCidrs = []string{"192.0.2.0/24", "0.0.0.0/0"}
	after, err := declare(args)
	require.NoError(t, err)
	for _, rule := range before.Of(ingress) {
		assert.Equal(t, rule, after.Named(rule.Name), "the rule %s", rule.Name)
	}
}

func TestAnIncompleteNetworkIsRefusedBeforeAnythingIsDeclared(t *testing.T) {
	existing := &network.Existing{VPCID: "vpc-1", Subnets: []network.ExistingSubnet{{ID: "subnet-1", Zone: "us-west-2a"}}}
	for what, spoil := range map[string]func(*network.NetworkArgs){
		"one zone":        func(a *network.NetworkArgs) { a.Zones = a.Zones[:1] },
		"nobody allowed":  func(a *network.NetworkArgs) { a.AllowedCidrs = nil },
		"no port":         func(a *network.NetworkArgs) { a.AgentPort = 0 },
		"a range too big": func(a *network.NetworkArgs) { a.Cidr = "10.0.0.0/8" },
		"two networks":    func(a *network.NetworkArgs) { a.Existing = existing },
		"NAT elsewhere":   func(a *network.NetworkArgs) { a.Existing, a.Cidr, a.Zones, a.NAT = existing, "", nil, true },
		"no subnet":       func(a *network.NetworkArgs) { a.Existing, a.Cidr, a.Zones = &network.Existing{VPCID: "vpc-1"}, "", nil },
		"no room for NAT": func(a *network.NetworkArgs) {
			a.NAT, a.Zones = true, []string{"us-west-2h", "us-west-2i"}
		},
	} {
		args := good()
		spoil(args)
		r, err := declare(args)
		assert.Error(t, err, what)
		assert.Empty(t, r.Names(), "what is declared with %s", what)
	}
}
