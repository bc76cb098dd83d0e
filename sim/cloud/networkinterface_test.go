package cloud_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// networkInterface makes one with an elastic address.
func (w *world) networkInterface(t tb, subnet string, groups ...string) (*cloud.NetworkInterface, *cloud.EIP) {
	t.Helper()
	n := &cloud.NetworkInterface{SubnetID: subnet, PrivateIPs: []string{"10.0.0.10"}, SecurityGroups: groups}
	require.NoError(t, w.CreateNetworkInterface(n))
	e := &cloud.EIP{}
	require.NoError(t, w.CreateEIP(e))
	require.NoError(t, w.CreateEIPAssociation(&cloud.EIPAssociation{AllocationID: e.ID, NetworkInterfaceID: n.ID}))
	return n, e
}

// wearing launches an instance with an interface that is there.
func (w *world) wearing(n *cloud.NetworkInterface) *cloud.Instance {
	return &cloud.Instance{AMI: image, InstanceType: "sim.small", NetworkInterfaces: []cloud.InstanceInterface{{NetworkInterfaceID: n.ID}}}
}

func TestTheNextInstanceHasTheAddressesOfTheInterfaceItTakesOver(t *testing.T) {
	w := newWorld(t)
	n, e := w.networkInterface(t, w.subnets[0], w.group(t, "g"))
	require.Equal(t, "ip-10-0-0-10.us-west-2.compute.internal", n.PrivateDNSName)
	first := w.wearing(n)
	require.NoError(t, w.CreateInstance(first))
	refused(t, "InvalidNetworkInterface.InUse", w.CreateInstance(w.wearing(n)))
	require.NoError(t, w.Terminate([]string{first.ID}, false))
	free, err := w.EIP(e.ID)
	require.NoError(t, err)
	require.Empty(t, free.Instance)
	require.Equal(t, n.ID, free.NetworkInterface, "the address stays at the interface")

	second := w.wearing(n)
	require.NoError(t, w.CreateInstance(second))
	got, err := w.Instance(second.ID)
	require.NoError(t, err)
	require.Equal(t, []any{"10.0.0.10", e.PublicIP, n.ID, w.subnets[0], n.SecurityGroups},
		[]any{got.PrivateIP, got.PublicIP, got.PrimaryNetworkInterfaceID, got.SubnetID, got.VPCSecurityGroupIDs})
	id, ok := w.InstanceAt(outside, e.PublicIP)
	require.True(t, ok)
	require.Equal(t, second.ID, id)
}

// EC2 makes up a public address only for an interface that it makes.
func TestAnInterfaceThatIsThereIsGivenNoPublicAddress(t *testing.T) {
	w := newWorld(t)
	yes := true
	require.NoError(t, w.UpdateSubnet(w.subnets[0], &cloud.Subnet{MapPublicIPOnLaunch: &yes}))
	n := &cloud.NetworkInterface{SubnetID: w.subnets[0]}
	require.NoError(t, w.CreateNetworkInterface(n))
	i := w.wearing(n)
	require.NoError(t, w.CreateInstance(i))
	got, err := w.Instance(i.ID)
	require.NoError(t, err)
	require.Empty(t, got.PublicIP)
	require.NotEmpty(t, w.instance(t, w.subnets[0]).PublicIP)
}

func TestAnotherGroupOfAnInterfaceIsItsInstancesAtOnce(t *testing.T) {
	w := newWorld(t)
	closed, open := w.group(t, "closed"), w.group(t, "open")
	w.allow(t, open, false, 80, anywhere)
	n, e := w.networkInterface(t, w.subnets[0], closed)
	i := w.wearing(n)
	require.NoError(t, w.CreateInstance(i))
	to := cloud.Peer{Instance: i.ID, Address: e.PublicIP}
	require.ErrorContains(t, w.Reach(outside, to, 80, ""), "no ingress rule")
	require.NoError(t, w.UpdateNetworkInterface(n.ID, &cloud.NetworkInterface{SecurityGroups: []string{open}}))
	require.NoError(t, w.Reach(outside, to, 80, ""))
	refused(t, "DependencyViolation", w.DeleteSecurityGroup(open))
	require.NoError(t, w.DeleteSecurityGroup(closed))
}

func TestAnInterfaceThatCannotBeIsRefused(t *testing.T) {
	w := newWorld(t)
	taken, _ := w.networkInterface(t, w.subnets[0])
	elsewhere := &cloud.VPC{CidrBlock: "10.9.0.0/16"}
	require.NoError(t, w.CreateVPC(elsewhere))
	foreign, err := w.VPC(elsewhere.ID)
	require.NoError(t, err)
	for why, c := range map[string]struct {
		code string
		n    cloud.NetworkInterface
	}{
		"at an address that is taken":  {"InvalidIPAddress.InUse", cloud.NetworkInterface{SubnetID: w.subnets[0], PrivateIPs: taken.PrivateIPs}},
		"outside its subnet":           {"InvalidParameterValue", cloud.NetworkInterface{SubnetID: w.subnets[0], PrivateIPs: []string{"10.0.1.9"}}},
		"with two addresses":           {"InvalidParameterValue", cloud.NetworkInterface{SubnetID: w.subnets[0], PrivateIPs: []string{"10.0.0.20", "10.0.0.21"}}},
		"in another network's group":   {"InvalidParameter", cloud.NetworkInterface{SubnetID: w.subnets[0], SecurityGroups: []string{foreign.DefaultSecurityGroupID}}},
		"in a group that is not there": {"InvalidGroup.NotFound", cloud.NetworkInterface{SubnetID: w.subnets[0], SecurityGroups: []string{"sg-0"}}},
		"in no subnet":                 {"InvalidSubnetID.NotFound", cloud.NetworkInterface{SubnetID: "subnet-0"}},
	} {
		t.Run(why, func(t *testing.T) { refused(t, c.code, w.CreateNetworkInterface(&c.n)) })
	}
	i := w.describe(w.subnets[0])
	i.NetworkInterfaces = []cloud.InstanceInterface{{NetworkInterfaceID: taken.ID}}
	refused(t, "InvalidParameterCombination", w.CreateInstance(i))
	refused(t, "InvalidNetworkInterfaceID.NotFound", w.CreateInstance(w.wearing(&cloud.NetworkInterface{ID: "eni-0"})))
	refused(t, "InvalidIPAddress.InUse", w.CreateInstance(&cloud.Instance{AMI: image, InstanceType: "sim.small", SubnetID: w.subnets[0], PrivateIP: "10.0.0.10"}))
}

func TestAnInterfaceHoldsItsNetworkAndIsHeldByItsInstance(t *testing.T) {
	w := newWorld(t)
	n, e := w.networkInterface(t, w.subnets[0])
	refused(t, "DependencyViolation", w.DeleteSubnet(w.subnets[0]))
	refused(t, "DependencyViolation", w.DeleteInternetGateway(w.gateway))
	i := w.wearing(n)
	require.NoError(t, w.CreateInstance(i))
	refused(t, "OperationNotPermitted", w.DeleteNetworkInterface(n.ID))
	require.NoError(t, w.Terminate([]string{i.ID}, false))
	require.NoError(t, w.DeleteNetworkInterface(n.ID))
	free, err := w.EIP(e.ID)
	require.NoError(t, err)
	require.Empty(t, free.NetworkInterface+free.AssociationID)
	require.NoError(t, w.DeleteSubnet(w.subnets[0]))
	require.NoError(t, w.DeleteInternetGateway(w.gateway))
}

// Another type is for a machine that is off; what is started again has another
// public address, unless it is elastic.
func TestAMachineThatBecomesAnotherTypeIsStoppedAndStarted(t *testing.T) {
	h := &hypervisor{}
	w := openWorld(t, t.TempDir(), h)
	n, e := w.networkInterface(t, w.subnets[0])
	stays, changes := w.wearing(n), w.instance(t, w.subnets[0])
	require.NoError(t, w.CreateInstance(stays))
	h.calls = nil
	require.NoError(t, w.UpdateInstance(stays.ID, &cloud.Instance{InstanceType: "sim.gpu"}))
	require.NoError(t, w.UpdateInstance(changes.ID, &cloud.Instance{InstanceType: "sim.small", UserData: "#!/bin/sh\n"}))
	require.NoError(t, w.UpdateInstance(changes.ID, &cloud.Instance{InstanceType: "sim.small", Tagged: cloud.Tagged{Tags: map[string]string{"a": "b"}}}))
	got, err := w.Instance(changes.ID)
	require.NoError(t, err)
	require.NotEqual(t, changes.PublicIP, got.PublicIP)
	require.Equal(t, changes.PrivateIP, got.PrivateIP)
	require.Equal(t, []string{
		"restart " + stays.ID + " at " + e.PublicIP + " as sim.gpu", "restart " + changes.ID + " at " + got.PublicIP + " as sim.small",
	}, h.calls, "tags need no restart")
}

func TestVolumesHaveTheTagsThatTheirInstanceWasLaunchedWith(t *testing.T) {
	w := newWorld(t)
	i := w.describe(w.subnets[0])
	i.VolumeTags = map[string]string{"is": "root"}
	require.NoError(t, w.CreateInstance(i))
	v := &cloud.Volume{AvailabilityZone: w.AvailabilityZones()[0], Size: 1, Tagged: cloud.Tagged{Tags: map[string]string{"has": "data"}}}
	require.NoError(t, w.CreateVolume(v))
	require.NoError(t, w.CreateVolumeAttachment(&cloud.VolumeAttachment{DeviceName: "/dev/sdf", InstanceID: i.ID, VolumeID: v.ID}))
	both := map[string]string{"is": "root", "has": "data"}
	require.Equal(t, both, w.VolumeTags(i.ID), "those of all volumes are read back")
	got, err := w.Instance(i.ID)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"is": "root"}, got.RootBlockDevice.Tags)
	require.NoError(t, w.UpdateInstance(i.ID, &cloud.Instance{InstanceType: "sim.small", VolumeTags: both}))
	refused(t, "InvalidParameterValue", w.UpdateInstance(i.ID, &cloud.Instance{InstanceType: "sim.small", VolumeTags: map[string]string{"x": "y"}}))
	i = w.describe(w.subnets[0])
	i.VolumeTags, i.RootBlockDevice = both, &cloud.RootBlockDevice{Tags: both}
	refused(t, "InvalidParameterCombination", w.CreateInstance(i))
}
