package cloud_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// private makes a subnet that is routed through a NAT gateway in the first
// subnet.
func (w *world) private(t *testing.T) (subnet, table string, n *cloud.NATGateway) {
	t.Helper()
	e := &cloud.EIP{}
	require.NoError(t, w.CreateEIP(e))
	n = &cloud.NATGateway{SubnetID: w.subnets[0], AllocationID: e.ID, PrivateIP: "10.0.0.11"}
	require.NoError(t, w.CreateNATGateway(n))
	rt := &cloud.RouteTable{VPCID: w.vpc}
	require.NoError(t, w.CreateRouteTable(rt))
	require.NoError(t, w.CreateRoute(&cloud.Route{RouteTableID: rt.ID, DestinationCidrBlock: anywhere, NATGatewayID: n.ID}))
	subnet = w.subnet(t, "10.0.8.0/24", w.AvailabilityZones()[0])
	require.NoError(t, w.CreateRouteTableAssociation(&cloud.RouteTableAssociation{SubnetID: subnet, RouteTableID: rt.ID}))
	return subnet, rt.ID, n
}

func TestAMachineBehindNATReachesOutAndIsReachedByNobody(t *testing.T) {
	w, allocator, _, groups := allocatorAndClient(t)
	subnet, _, n := w.private(t)
	w.allow(t, groups[1], false, 0, anywhere) // no route leads to it, whatever its rules are
	i := w.describe(subnet, groups[1])
	i.AssociatePublicIPAddress = nil
	require.NoError(t, w.CreateInstance(i))
	self := cloud.Peer{Instance: i.ID}
	require.NoError(t, w.Reach(self, cloud.Peer{Address: cloud.AWSServices}, 443, "ec2"))
	require.NoError(t, w.Reach(self, cloud.Peer{Instance: allocator.ID, Address: allocator.PrivateIP}, 8443, ""))
	require.ErrorContains(t, w.Reach(outside, cloud.Peer{Instance: i.ID, Address: i.PrivateIP}, 22, ""), "has no public address")
	_, ok := w.InstanceAt(outside, n.PublicIP)
	require.False(t, ok, "the gateway's address is nobody's")

	only := w.group(t, "only the gateway")
	w.allow(t, only, false, 443, n.PublicIP+"/32")
	page := w.instance(t, w.subnets[1], only)
	require.NoError(t, w.Reach(self, cloud.Peer{Instance: page.ID, Address: page.PublicIP}, 443, ""), "it comes from the gateway's address")

	public := w.instance(t, subnet, groups[1])
	require.ErrorContains(t, w.Reach(outside, cloud.Peer{Instance: public.ID, Address: public.PublicIP}, 22, ""), "no route to an internet gateway")
}

func TestARouteThroughAGatewayThatIsGoneLeadsNowhere(t *testing.T) {
	w := newWorld(t)
	subnet, table, n := w.private(t)
	i := w.describe(subnet)
	i.AssociatePublicIPAddress = nil
	require.NoError(t, w.CreateInstance(i))
	aws := cloud.Peer{Address: cloud.AWSServices}
	require.NoError(t, w.Reach(cloud.Peer{Instance: i.ID}, aws, 443, ""))
	require.NoError(t, w.DeleteRoute(cloud.RouteID(w.table, anywhere)))
	require.ErrorContains(t, w.Reach(cloud.Peer{Instance: i.ID}, aws, 443, ""), "of NAT gateway "+n.ID+" has no route")
	require.NoError(t, w.DeleteNATGateway(n.ID))
	require.Error(t, w.Reach(cloud.Peer{Instance: i.ID}, aws, 443, ""))
	r, err := w.Route(cloud.RouteID(table, anywhere))
	require.NoError(t, err)
	require.Equal(t, "blackhole", r.State)
}

func TestANATGatewayHoldsItsSubnetAndItsAddress(t *testing.T) {
	w := newWorld(t)
	_, table, n := w.private(t)
	refused(t, "DependencyViolation", w.DeleteSubnet(w.subnets[0]))
	refused(t, "DependencyViolation", w.DeleteInternetGateway(w.gateway))
	refused(t, "AuthFailure", w.DeleteEIP(n.AllocationID))
	i := w.instance(t, w.subnets[0])
	refused(t, "AuthFailure", w.CreateEIPAssociation(&cloud.EIPAssociation{AllocationID: n.AllocationID, InstanceID: i.ID}))
	refused(t, "InvalidIPAddress.InUse", w.CreateNetworkInterface(&cloud.NetworkInterface{SubnetID: w.subnets[0], PrivateIPs: []string{n.PrivateIP}}))
	refused(t, "InvalidParameterCombination", w.UpdateRoute(cloud.RouteID(table, anywhere), &cloud.Route{GatewayID: w.gateway, NATGatewayID: n.ID}))
	require.NoError(t, w.Terminate([]string{i.ID}, false))
	require.NoError(t, w.DeleteNATGateway(n.ID))
	require.NoError(t, w.DeleteEIP(n.AllocationID))
	require.NoError(t, w.DeleteSubnet(w.subnets[0]))
}

func TestANATGatewayThatCannotBeIsRefused(t *testing.T) {
	w := newWorld(t)
	_, _, first := w.private(t)
	e := &cloud.EIP{}
	require.NoError(t, w.CreateEIP(e))
	v := &cloud.VPC{CidrBlock: "10.9.0.0/16"}
	require.NoError(t, w.CreateVPC(v))
	closed := &cloud.Subnet{VPCID: v.ID, CidrBlock: "10.9.0.0/24"}
	require.NoError(t, w.CreateSubnet(closed))
	table := &cloud.RouteTable{VPCID: v.ID}
	require.NoError(t, w.CreateRouteTable(table))
	for code, n := range map[string]cloud.NATGateway{
		"InvalidSubnetID.NotFound":     {SubnetID: "subnet-0", AllocationID: e.ID},
		"InvalidAllocationID.NotFound": {SubnetID: w.subnets[0], AllocationID: "eipalloc-0"},
		"MissingParameter":             {SubnetID: w.subnets[0]},
		"Resource.AlreadyAssociated":   {SubnetID: w.subnets[0], AllocationID: first.AllocationID},
		"Gateway.NotAttached":          {SubnetID: closed.ID, AllocationID: e.ID},
		"InvalidParameterValue":        {SubnetID: w.subnets[0], AllocationID: e.ID, ConnectivityType: "private"},
		"InvalidIPAddress.InUse":       {SubnetID: w.subnets[0], AllocationID: e.ID, PrivateIP: first.PrivateIP},
	} {
		refused(t, code, w.CreateNATGateway(&n))
	}
	refused(t, "InvalidParameterValue", w.CreateRoute(&cloud.Route{RouteTableID: table.ID, DestinationCidrBlock: anywhere, NATGatewayID: first.ID}))
	refused(t, "InvalidNatGatewayID.NotFound", w.CreateRoute(&cloud.Route{RouteTableID: table.ID, DestinationCidrBlock: anywhere, NATGatewayID: "nat-0"}))
}

func TestANetworkThatIsThereFromTheStartLeadsToTheInternet(t *testing.T) {
	yes := true
	a, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64", Seed: cloud.Seed{
		VPCs:    []cloud.VPC{{ID: "vpc-1", CidrBlock: "10.0.0.0/16"}},
		Subnets: []cloud.Subnet{{ID: "subnet-1", VPCID: "vpc-1", CidrBlock: "10.0.0.0/24", MapPublicIPOnLaunch: &yes}},
	}})
	require.NoError(t, err)
	i := &cloud.Instance{AMI: image, InstanceType: "sim.small", SubnetID: "subnet-1"}
	require.NoError(t, a.CreateInstance(i))
	require.NoError(t, a.Reach(cloud.Peer{Instance: i.ID}, cloud.Peer{Address: cloud.AWSServices}, 443, ""))
}
