package network_test

import (
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/network"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

var there = recording.Account{VPCs: map[string]map[string]recording.Subnet{
	"vpc-1": {"subnet-1": {Zone: "us-west-2a", Cidr: "10.0.0.0/24"}, "subnet-2": {Zone: "us-west-2b", Cidr: "10.0.1.0/24"}, "subnet-6": {Zone: "us-west-2c"}},
	"vpc-2": {"subnet-9": {Zone: "us-west-2a", Cidr: "10.0.0.0/24"}},
}}

func find(vpc string, subnets ...string) (found *network.Existing, err error) {
	_, run := recording.Run("test", there, func(ctx *pulumi.Context) error {
		found, err = network.Find(ctx, vpc, subnets)
		return nil
	})
	if run != nil {
		return nil, run
	}
	return found, err
}

func TestAnExistingVPCIsFoundWithTheZonesOfItsSubnets(t *testing.T) {
	found, err := find("vpc-1", "subnet-2", "subnet-1")
	require.NoError(t, err)
	assert.Equal(t, &network.Existing{VPCID: "vpc-1", Subnets: []network.ExistingSubnet{{ID: "subnet-2", Zone: "us-west-2b", Cidr: "10.0.1.0/24"}, {ID: "subnet-1", Zone: "us-west-2a", Cidr: "10.0.0.0/24"}}, ClientsPublic: new(true)}, found)
	assert.Equal(t, []string{"us-west-2b", "us-west-2a"}, found.Zones())
	require.NoError(t, found.CheckZones("a load balancer"))
}

func TestAnExistingVPCThatDoesNotFitIsRefusedByItsSetting(t *testing.T) {
	for _, c := range []struct {
		why, vpc string
		subnets  []string
		says     []string
	}{
		{"no such VPC", "vpc-0", []string{"subnet-1"}, []string{"lablink:network.vpcId: vpc-0", "remove vpcId and subnetIds", "no matching EC2 VPC found"}},
		{"no such subnet", "vpc-1", []string{"subnet-1", "subnet-0"}, []string{"lablink:network.subnetIds[1]: subnet-0", "Name=vpc-id,Values=vpc-1", "no matching EC2 Subnet found"}},
		{"another's subnet", "vpc-1", []string{"subnet-9"}, []string{"lablink:network.subnetIds[0]: subnet-9 belongs to vpc-2, not to network.vpcId, vpc-1", "choose one of"}},
		{"a subnet of IPv6 alone", "vpc-1", []string{"subnet-6"}, []string{"lablink:network.subnetIds[0]: subnet-6 has no IPv4 range", "choose another one"}},
	} {
		_, err := find(c.vpc, c.subnets...)
		for _, says := range c.says {
			assert.ErrorContains(t, err, says, c.why)
		}
	}
	one, err := find("vpc-1", "subnet-1")
	require.NoError(t, err)
	assert.ErrorContains(t, one.CheckZones("RDS"), "lablink:network.subnetIds: all are in us-west-2a, but RDS needs subnets in two zones: add one of another zone")
}

// A machine that reaches out by an internet gateway has a public address, whatever
// its subnet gives by itself.
func TestMachinesOfAnExistingVPCHaveTheAddressesThatTheirWayOutNeeds(t *testing.T) {
	open, closed := recording.Subnet{Zone: "us-west-2a", Cidr: "10.0.0.0/24"}, recording.Subnet{Zone: "us-west-2a", Cidr: "10.0.0.0/24", NoPublicIPs: true}
	own := recording.Subnet{Zone: "us-west-2a", Cidr: "10.0.0.0/24", Table: "rtb-own", NoPublicIPs: true}
	private := recording.Subnet{Zone: "us-west-2b", Cidr: "10.0.1.0/24", Table: "rtb-private", Private: true, NoPublicIPs: true}
	for _, c := range []struct {
		why     string
		subnets []recording.Subnet
		want    *bool
		says    string
	}{
		{"given by the subnet, too", []recording.Subnet{open}, new(true), ""},
		{"by the main table", []recording.Subnet{closed}, new(true), ""},
		{"by tables of their own", []recording.Subnet{own, closed}, new(true), ""},
		{"behind NAT", []recording.Subnet{private}, nil, ""},
		{"of both kinds", []recording.Subnet{open, private}, nil, ""},
		{"of both kinds, and none given", []recording.Subnet{private, closed}, nil, "lablink:network.subnetIds[1]: subnet-1 leads to an internet gateway but gives machines no public address"},
	} {
		a := recording.Account{VPCs: map[string]map[string]recording.Subnet{"vpc-1": {}}}
		var ids []string
		for i, s := range c.subnets {
			ids = append(ids, fmt.Sprintf("subnet-%d", i))
			a.VPCs["vpc-1"][ids[i]] = s
		}
		_, run := recording.Run("test", a, func(ctx *pulumi.Context) error {
			found, err := network.Find(ctx, "vpc-1", ids)
			if c.says != "" {
				assert.ErrorContains(t, err, c.says, c.why)
				assert.ErrorContains(t, err, "aws ec2 modify-subnet-attribute --subnet-id subnet-1 --map-public-ip-on-launch", c.why)
				return nil
			}
			require.NoError(t, err, c.why)
			assert.Equal(t, c.want, found.ClientsPublic, c.why)
			return nil
		})
		require.NoError(t, run)
	}
}
