package ec2_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/ec2"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// withTwins is a world whose pool has two subnets in its first zone, the first of them
// with addresses for eleven machines, and none in another zone.
func withTwins(t *testing.T, market string) *world {
	t.Helper()
	w := newWorld(t)
	vpc := &cloud.VPC{CidrBlock: "10.1.0.0/16"}
	require.NoError(t, w.account.CreateVPC(vpc))
	p := &w.settings.Pools[0]
	p.Market, p.SubnetIDs, w.settings.Zones = market, nil, map[string]string{}
	for _, cidr := range []string{"10.1.0.0/28", "10.1.1.0/24"} {
		s := &cloud.Subnet{VPCID: vpc.ID, CidrBlock: cidr, AvailabilityZone: w.account.AvailabilityZones()[0]}
		require.NoError(t, w.account.CreateSubnet(s))
		p.SubnetIDs, w.settings.Zones[s.ID] = append(p.SubnetIDs, s.ID), s.AvailabilityZone
	}
	w.Compute = ec2.New(w.client, w.settings, w.clock)
	return w
}

// EC2 takes one subnet of a zone in a call. The next one has its turn once that has no
// free address.
func TestOfTwoSubnetsOfAZoneOneIsAsked(t *testing.T) {
	for _, market := range []string{deployed.OnDemand, deployed.Spot, deployed.SpotThenOnDemand} {
		w := withTwins(t, market)
		launched, refusals, err := w.launch(t, "gpu", 12, "first")
		require.NoError(t, err)
		require.Len(t, launched, 11, market)
		require.NotEmpty(t, refusals)
		for _, r := range refusals {
			require.Equal(t, api.Capacity, r.Code, market)
			require.Contains(t, r.Why, "the subnet has no free address left", market)
		}
		more, _, err := w.launch(t, "gpu", 12, "second")
		require.NoError(t, err)
		require.Len(t, more, 12, market)
	}
}
