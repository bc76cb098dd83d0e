package cloud_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

const (
	image     = "ami-051700000000000a1"
	ec2Trust  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	anywhere  = "0.0.0.0/0"
	developer = "arn:aws:iam::123456789012:user/developer"
)

// world is an account with a network: one subnet in each of two zones, routed to
// the internet.
type world struct {
	*cloud.Account
	dir     string
	now     time.Time
	vpc     string
	gateway string
	table   string
	subnets []string
}

// tb is what both a test and a property have.
type tb interface {
	require.TestingT
	Helper()
}

func newWorld(t *testing.T) *world { return openWorld(t, t.TempDir(), nil) }

func openWorld(t tb, dir string, h cloud.Hypervisor) *world {
	t.Helper()
	w := &world{dir: dir, now: time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)}
	var err error
	w.Account, err = cloud.Open(cloud.Options{
		Dir: dir, Architecture: "x86_64", Zones: []string{"example.org"}, CloudflareZones: []string{"example.org"}, Hypervisor: h,
		Now: func() time.Time { return w.now },
	})
	require.NoError(t, err)
	v := &cloud.VPC{CidrBlock: "10.0.0.0/16"}
	require.NoError(t, w.CreateVPC(v))
	g := &cloud.InternetGateway{VPCID: v.ID}
	require.NoError(t, w.CreateInternetGateway(g))
	table := &cloud.RouteTable{VPCID: v.ID}
	require.NoError(t, w.CreateRouteTable(table))
	require.NoError(t, w.CreateRoute(&cloud.Route{RouteTableID: table.ID, DestinationCidrBlock: anywhere, GatewayID: g.ID}))
	w.vpc, w.gateway, w.table = v.ID, g.ID, table.ID
	for i, cidr := range []string{"10.0.0.0/24", "10.0.1.0/24"} {
		w.subnets = append(w.subnets, w.subnet(t, cidr, w.AvailabilityZones()[i]))
		require.NoError(t, w.CreateRouteTableAssociation(&cloud.RouteTableAssociation{SubnetID: w.subnets[i], RouteTableID: w.table}))
	}
	return w
}

func (w *world) subnet(t tb, cidr, zone string) string {
	t.Helper()
	s := &cloud.Subnet{VPCID: w.vpc, CidrBlock: cidr, AvailabilityZone: zone}
	require.NoError(t, w.CreateSubnet(s))
	return s.ID
}

func (w *world) group(t tb, name string) string {
	t.Helper()
	g := &cloud.SecurityGroup{Name: name, VPCID: w.vpc}
	require.NoError(t, w.CreateSecurityGroup(g))
	return g.ID
}

// allow adds a rule for TCP with a range or a group; port 0 means everything.
func (w *world) allow(t tb, group string, egress bool, port int, peer string) string {
	t.Helper()
	r := &cloud.SecurityGroupRule{SecurityGroupID: group, IPProtocol: "tcp", FromPort: &port, ToPort: &port}
	if port == 0 {
		r.IPProtocol, r.FromPort, r.ToPort = "-1", nil, nil
	}
	if strings.HasPrefix(peer, "sg-") {
		r.ReferencedSecurityGroupID = peer
	} else {
		r.CidrIPv4 = peer
	}
	require.NoError(t, w.CreateSecurityGroupRule(r, egress))
	return r.ID
}

// instance launches one with a public address.
func (w *world) instance(t tb, subnet string, groups ...string) *cloud.Instance {
	t.Helper()
	i := w.describe(subnet, groups...)
	require.NoError(t, w.CreateInstance(i))
	got, err := w.Instance(i.ID)
	require.NoError(t, err)
	return got
}

func (w *world) describe(subnet string, groups ...string) *cloud.Instance {
	public := true
	return &cloud.Instance{AMI: image, InstanceType: "sim.small", SubnetID: subnet, VPCSecurityGroupIDs: groups, AssociatePublicIPAddress: &public}
}

func (w *world) template(t tb, change ...func(*cloud.LaunchTemplate)) string {
	t.Helper()
	lt := &cloud.LaunchTemplate{Name: "machines", ImageID: image, InstanceType: "sim.small"}
	for _, f := range change {
		f(lt)
	}
	require.NoError(t, w.CreateLaunchTemplate(lt))
	return lt.ID
}

// refused checks that err is AWS's refusal of that code.
func refused(t tb, code string, err error) {
	t.Helper()
	var e *cloud.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, code, e.Code, e.Message)
}
