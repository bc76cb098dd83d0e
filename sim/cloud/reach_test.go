package cloud_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// outside is somebody on the internet.
var outside = cloud.Peer{Address: cloud.Internet}

// allocatorAndClient are two machines of one network, as LabLink deploys them:
// the world reaches the allocator's web page, and clients reach its agent port.
func allocatorAndClient(t *testing.T) (w *world, allocator, client *cloud.Instance, groups [2]string) {
	t.Helper()
	w = newWorld(t)
	groups = [2]string{w.group(t, "allocator"), w.group(t, "clients")}
	w.allow(t, groups[0], false, 80, anywhere)
	w.allow(t, groups[0], false, 8443, groups[1])
	w.allow(t, groups[0], true, 0, anywhere)
	w.allow(t, groups[1], true, 0, anywhere)
	return w, w.instance(t, w.subnets[0], groups[0]), w.instance(t, w.subnets[1], groups[1]), groups
}

func TestAConnectionNeedsARuleAtBothEnds(t *testing.T) {
	w, allocator, client, _ := allocatorAndClient(t)
	host := cloud.Peer{Instance: allocator.ID, Address: allocator.PrivateIP}
	public := cloud.Peer{Instance: allocator.ID, Address: allocator.PublicIP}
	machine := cloud.Peer{Instance: client.ID, Address: client.PrivateIP}
	for _, c := range []struct {
		name     string
		from, to cloud.Peer
		port     int
		refusal  string // "" when it passes
	}{
		{"people reach the page", outside, public, 80, ""},
		{"people do not reach another port", outside, public, 22, "no ingress rule"},
		{"people do not reach the agents' port", outside, public, 8443, "no ingress rule"},
		{"a client reaches the agents' port inside the network", machine, host, 8443, ""},
		{"a rule that names a group means private addresses", machine, public, 8443, "no ingress rule"},
		{"the allocator does not reach into a client", host, machine, 8443, "no ingress rule"},
		{"people do not reach a client", outside, cloud.Peer{Instance: client.ID, Address: client.PublicIP}, 80, "no ingress rule"},
		{"a client reaches AWS", machine, cloud.Peer{Address: cloud.AWSServices}, 443, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := w.Reach(c.from, c.to, c.port, "")
			if c.refusal == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.refusal)
		})
	}
}

func TestAnEgressRuleThatIsTakenAwayClosesTheWayOut(t *testing.T) {
	w := newWorld(t)
	group := w.group(t, "g")
	rule := w.allow(t, group, true, 443, "52.94.0.0/16")
	i := w.instance(t, w.subnets[0], group)
	aws := cloud.Peer{Address: cloud.AWSServices}
	require.NoError(t, w.Reach(cloud.Peer{Instance: i.ID}, aws, 443, "ec2"))
	require.ErrorContains(t, w.Reach(cloud.Peer{Instance: i.ID}, aws, 80, "ec2"), "no egress rule")
	require.NoError(t, w.DeleteSecurityGroupRule(rule))
	require.ErrorContains(t, w.Reach(cloud.Peer{Instance: i.ID}, aws, 443, "ec2"), "no egress rule")
}

func TestARuleForUDPLetsNoTCPPass(t *testing.T) {
	w := newWorld(t)
	group, port := w.group(t, "g"), 80
	require.NoError(t, w.CreateSecurityGroupRule(&cloud.SecurityGroupRule{SecurityGroupID: group, IPProtocol: "udp", FromPort: &port, ToPort: &port, CidrIPv4: anywhere}, false))
	i := w.instance(t, w.subnets[0], group)
	require.ErrorContains(t, w.Reach(outside, cloud.Peer{Instance: i.ID, Address: i.PublicIP}, 80, ""), "no ingress rule")
}

func TestTheInternetIsReachedByARouteAndAPublicAddress(t *testing.T) {
	w, _, client, groups := allocatorAndClient(t)
	aws := cloud.Peer{Address: cloud.AWSServices}
	private := w.describe(w.subnets[1], groups[1])
	private.AssociatePublicIPAddress = nil
	require.NoError(t, w.CreateInstance(private))
	require.ErrorContains(t, w.Reach(cloud.Peer{Instance: private.ID}, aws, 443, "ec2"), "has no public address")

	require.NoError(t, w.DeleteRoute(cloud.RouteID(w.table, anywhere)))
	require.ErrorContains(t, w.Reach(cloud.Peer{Instance: client.ID}, aws, 443, "ec2"), "no route to an internet gateway")

	require.NoError(t, w.CreateVPCEndpoint(&cloud.VPCEndpoint{VPCID: w.vpc, ServiceName: "com.amazonaws.us-west-2.s3", RouteTableIDs: []string{w.table}}))
	for _, id := range []string{client.ID, private.ID} {
		require.NoError(t, w.Reach(cloud.Peer{Instance: id}, aws, 443, "s3"), "S3 is behind the endpoint")
		require.Error(t, w.Reach(cloud.Peer{Instance: id}, aws, 443, "ec2"), "and nothing else is")
	}
}

func TestTheWayBackNeedsARouteToo(t *testing.T) {
	w, _, client, _ := allocatorAndClient(t)
	require.NoError(t, w.DeleteRoute(cloud.RouteID(w.table, anywhere)))
	require.NoError(t, w.CreateRoute(&cloud.Route{RouteTableID: w.table, DestinationCidrBlock: "52.94.0.0/16", GatewayID: w.gateway}))
	require.NoError(t, w.Reach(cloud.Peer{Instance: client.ID}, cloud.Peer{Address: cloud.AWSServices}, 443, ""))
	err := w.Reach(outside, cloud.Peer{Instance: client.ID, Address: client.PublicIP}, 80, "")
	require.ErrorContains(t, err, "no route to an internet gateway for "+cloud.Internet)
}

func TestTheRouteThatFitsBestDecidesEvenWhereItLeadsNowhere(t *testing.T) {
	w := newWorld(t)
	narrow := &cloud.Route{RouteTableID: w.table, DestinationCidrBlock: "52.94.0.0/16", GatewayID: w.gateway}
	require.NoError(t, w.CreateRoute(narrow))
	require.NoError(t, w.DeleteInternetGateway(w.gateway))
	g := &cloud.InternetGateway{VPCID: w.vpc}
	require.NoError(t, w.CreateInternetGateway(g))
	require.NoError(t, w.UpdateRoute(cloud.RouteID(w.table, anywhere), &cloud.Route{GatewayID: g.ID}))
	gone, err := w.Route(narrow.ID)
	require.NoError(t, err)
	require.Equal(t, "blackhole", gone.State)
	i := w.instance(t, w.subnets[0])
	require.NoError(t, w.Reach(cloud.Peer{Instance: i.ID}, cloud.Peer{Address: "192.0.2.1"}, 443, ""))
	require.ErrorContains(t, w.Reach(cloud.Peer{Instance: i.ID}, cloud.Peer{Address: cloud.AWSServices}, 443, ""), "no route to an internet gateway for "+cloud.AWSServices)
}

func TestASubnetWithoutATableOfItsOwnFollowsTheMainOne(t *testing.T) {
	w := newWorld(t)
	i := w.instance(t, w.subnet(t, "10.0.7.0/24", w.AvailabilityZones()[0]))
	require.ErrorContains(t, w.Reach(cloud.Peer{Instance: i.ID}, cloud.Peer{Address: cloud.AWSServices}, 443, ""), "no route to an internet gateway")
}

func TestPrivateAddressesMeanSomethingInsideTheirNetworkOnly(t *testing.T) {
	w, allocator, client, _ := allocatorAndClient(t)
	id, ok := w.InstanceAt(cloud.Peer{Instance: client.ID}, allocator.PrivateIP)
	require.True(t, ok)
	require.Equal(t, allocator.ID, id)
	_, ok = w.InstanceAt(outside, allocator.PrivateIP)
	require.False(t, ok, "the internet knows no private address")
	id, ok = w.InstanceAt(outside, allocator.PublicIP)
	require.True(t, ok)
	require.Equal(t, allocator.ID, id)
	_, ok = w.InstanceAt(outside, "")
	require.False(t, ok)
}

func TestNobodyReachesAMachineThatEnds(t *testing.T) {
	w, allocator, _, _ := allocatorAndClient(t)
	to := cloud.Peer{Instance: allocator.ID, Address: allocator.PublicIP}
	require.NoError(t, w.Reach(outside, to, 80, ""))
	require.NoError(t, w.Terminate([]string{allocator.ID}, false))
	require.ErrorContains(t, w.Reach(outside, to, 80, ""), "is terminated")
	_, ok := w.InstanceAt(outside, allocator.PublicIP)
	require.False(t, ok)
}

func TestTheDefaultGroupReachesItsOwnMembers(t *testing.T) {
	w := newWorld(t)
	a, b := w.instance(t, w.subnets[0]), w.instance(t, w.subnets[1])
	require.NoError(t, w.Reach(cloud.Peer{Instance: a.ID}, cloud.Peer{Instance: b.ID, Address: b.PrivateIP}, 22, ""))
	require.Error(t, w.Reach(outside, cloud.Peer{Instance: b.ID, Address: b.PublicIP}, 22, ""))
}
