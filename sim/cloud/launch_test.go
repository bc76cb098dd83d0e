package cloud_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestAnInstanceThatCannotStartIsRefused(t *testing.T) {
	w := newWorld(t)
	elsewhere := &cloud.VPC{CidrBlock: "10.9.0.0/16"}
	require.NoError(t, w.CreateVPC(elsewhere))
	foreign, err := w.VPC(elsewhere.ID)
	require.NoError(t, err)
	w.instance(t, w.subnets[0])
	for _, c := range []struct {
		name, code string
		change     func(*cloud.Instance)
	}{
		{"of another architecture", "InvalidParameterValue", func(i *cloud.Instance) { i.InstanceType = "t4g.small" }},
		{"nowhere", "VPCIdNotSpecified", func(i *cloud.Instance) { i.SubnetID = "" }},
		{"with another network's group", "InvalidParameter", func(i *cloud.Instance) { i.VPCSecurityGroupIDs = []string{foreign.DefaultSecurityGroupID} }},
		{"with too much user data", "InvalidParameterValue", func(i *cloud.Instance) { i.UserData = strings.Repeat("x", 16385) }},
		{"on a volume smaller than its image", "InvalidBlockDeviceMapping", func(i *cloud.Instance) { i.RootBlockDevice = &cloud.RootBlockDevice{VolumeSize: 4} }},
		{"on a volume of another type", "InvalidParameterValue", func(i *cloud.Instance) { i.RootBlockDevice = &cloud.RootBlockDevice{VolumeType: "io2"} }},
		{"at an address that is taken", "InvalidIPAddress.InUse", func(i *cloud.Instance) { i.PrivateIP = "10.0.0.4" }},
		{"at an address that AWS keeps", "InvalidParameterValue", func(i *cloud.Instance) { i.PrivateIP = "10.0.0.3" }},
		{"at the last address", "InvalidParameterValue", func(i *cloud.Instance) { i.PrivateIP = "10.0.0.255" }},
		{"at an address of elsewhere", "InvalidParameterValue", func(i *cloud.Instance) { i.PrivateIP = "10.0.1.9" }},
		{"with a reserved tag", "InvalidParameterValue", func(i *cloud.Instance) { i.Tags = map[string]string{"aws:x": "y"} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := w.describe(w.subnets[0])
			c.change(i)
			refused(t, c.code, w.CreateInstance(i))
			require.Len(t, w.Instances(), 1)
		})
	}
}

func TestATypeStartsOnlyInAZoneThatOffersIt(t *testing.T) {
	w := newWorld(t)
	i := w.describe(w.subnets[0])
	i.AMI, i.InstanceType = "ami-0d1a6000000000004", "g5g.xlarge"
	refused(t, "Unsupported", w.CreateInstance(i))
	require.Empty(t, w.Instances())
	subnet, err := w.Subnet(w.subnets[0])
	require.NoError(t, err)
	third := &cloud.Subnet{VPCID: subnet.VPCID, CidrBlock: "10.0.9.0/24", AvailabilityZone: "us-west-2c"}
	require.NoError(t, w.CreateSubnet(third))
	i.SubnetID = third.ID
	require.NoError(t, w.CreateInstance(i))
	require.Equal(t, []cloud.Offering{{"g5g.xlarge", "us-west-2c"}, {"t2.small", "us-west-2a"}, {"t2.small", "us-west-2b"}, {"t2.small", "us-west-2c"}},
		w.Offerings([]string{"t2.small", "none.large", "g5g.xlarge", "t2.small"}))
}

func TestAnUpdateInPlaceKeepsWhatItLeavesOut(t *testing.T) {
	w := newWorld(t)
	before := w.instance(t, w.subnets[0], w.group(t, "g"))
	require.NoError(t, w.UpdateInstance(before.ID, &cloud.Instance{InstanceType: "sim.gpu", Tagged: cloud.Tagged{Tags: map[string]string{"a": "b"}}}))
	after, err := w.Instance(before.ID)
	require.NoError(t, err)
	require.Equal(t, "sim.gpu", after.InstanceType)
	require.Equal(t, map[string]string{"a": "b"}, after.TagsAll)
	require.Equal(t, before.PrivateIP, after.PrivateIP)
	require.Equal(t, before.VPCSecurityGroupIDs, after.VPCSecurityGroupIDs)
	require.Equal(t, before.MetadataOptions, after.MetadataOptions)
	require.Equal(t, before.RootBlockDevice.VolumeID, after.RootBlockDevice.VolumeID)
	refused(t, "InvalidParameterValue", w.UpdateInstance(before.ID, &cloud.Instance{InstanceType: "sim.gpu", RootBlockDevice: &cloud.RootBlockDevice{VolumeSize: 4}}))
}

func TestAnAddressGoesWithItsAssociation(t *testing.T) {
	w := newWorld(t)
	yes := true
	require.NoError(t, w.UpdateVPC(w.vpc, &cloud.VPC{EnableDNSHostnames: &yes}))
	a, b := w.instance(t, w.subnets[0]), w.instance(t, w.subnets[1])
	e := &cloud.EIP{}
	require.NoError(t, w.CreateEIP(e))
	x := &cloud.EIPAssociation{AllocationID: e.ID, InstanceID: a.ID}
	require.NoError(t, w.CreateEIPAssociation(x))
	got, err := w.Instance(a.ID)
	require.NoError(t, err)
	require.Equal(t, e.PublicIP, got.PublicIP)
	require.Equal(t, "ec2-"+strings.ReplaceAll(e.PublicIP, ".", "-")+".us-west-2.compute.amazonaws.com", got.PublicDNS)

	require.NoError(t, w.CreateEIPAssociation(&cloud.EIPAssociation{AllocationID: e.ID, InstanceID: b.ID}))
	_, err = w.EIPAssociation(x.ID)
	require.True(t, cloud.IsNotFound(err), "the earlier association ended")
	got, err = w.Instance(a.ID)
	require.NoError(t, err)
	require.Empty(t, got.PublicIP)

	require.NoError(t, w.Terminate([]string{b.ID}, false))
	free, err := w.EIP(e.ID)
	require.NoError(t, err)
	require.Empty(t, free.Instance, "an ended instance holds no address")
	for range 4 {
		require.NoError(t, w.CreateEIP(&cloud.EIP{}))
	}
	refused(t, "AddressLimitExceeded", w.CreateEIP(&cloud.EIP{}))
}

func TestNoTwoMachinesEverShareAnAddress(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		w := openWorld(t, mkdir(t, dir), nil)
		for range rapid.IntRange(1, 10).Draw(t, "steps") {
			running := w.running()
			if len(running) > 0 && rapid.IntRange(0, 2).Draw(t, "what") == 0 {
				id := rapid.SampledFrom(running).Draw(t, "end").ID
				require.NoError(t, w.Terminate([]string{id}, false))
			} else {
				w.instance(t, rapid.SampledFrom(w.subnets).Draw(t, "subnet"))
			}
			seen := map[string]string{}
			for _, i := range w.running() {
				for _, address := range []string{i.PrivateIP, i.PublicIP} {
					if other := seen[address]; other != "" {
						t.Fatalf("%s and %s both have %s", other, i.ID, address)
					}
					seen[address] = i.ID
				}
			}
		}
	})
}

func (w *world) running() (out []cloud.Instance) {
	for _, i := range w.Instances() {
		if !i.Gone() {
			out = append(out, i)
		}
	}
	return out
}

// mkdir makes a folder for one try of a property.
func mkdir(t tb, parent string) string {
	t.Helper()
	dir, err := os.MkdirTemp(parent, "")
	require.NoError(t, err)
	return dir
}
