package network_test

import (
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
		ctx.Export("allocatorGroup", n.AllocatorGroup)
		ctx.Export("clientGroup", n.ClientGroup)
		return nil
	})
}

func TestEachZoneGetsASubnetThatLeadsToTheInternet(t *testing.T) {
	r, err := declare(good())
	require.NoError(t, err)
	for i, name := range []string{"network-subnet-0", "network-subnet-1"} {
		subnet := r.Named(name)
		assert.Equal(t, good().Zones[i], subnet.Text("availabilityZone"))
		assert.Equal(t, "network-routes-id", r.Named(name+"-routes").Text("routeTableId"))
	}
	assert.Equal(t, "network-gateway-id", r.Named("network-internet").Text("gatewayId"))
	assert.Equal(t, "com.amazonaws.us-west-2.s3", r.Named("network-s3").Text("serviceName"))
	assert.Equal(t, []string{"network-subnet-0-id", "network-subnet-1-id"}, r.Outputs["subnetIds"].Value)
	assert.Equal(t, "network-allocator-id", r.Outputs["allocatorGroup"].Value)
	assert.Equal(t, "network-clients-id", r.Outputs["clientGroup"].Value)
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
	args.AllowedCidrs = []string{"192.0.2.0/24", "198.51.100.0/24"}
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
	assert.Len(t, want, 11)
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
	for what, spoil := range map[string]func(*network.NetworkArgs){
		"one zone":        func(a *network.NetworkArgs) { a.Zones = a.Zones[:1] },
		"nobody allowed":  func(a *network.NetworkArgs) { a.AllowedCidrs = nil },
		"no port":         func(a *network.NetworkArgs) { a.AgentPort = 0 },
		"a range too big": func(a *network.NetworkArgs) { a.Cidr = "10.0.0.0/8" },
	} {
		args := good()
		spoil(args)
		r, err := declare(args)
		assert.Error(t, err, what)
		assert.Empty(t, r.Names(), "what is declared with %s", what)
	}
}
