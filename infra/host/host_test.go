package host_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

func good() *host.HostArgs {
	return &host.HostArgs{
		Namer: lab, InstanceType: "t4g.small", AMI: "ami-11111111", Zone: "us-west-2a",
		DataVolumeGiB: 20, Bucket: "the-bucket", Pointer: "/lablink/lablink/test/release",
		Permissions: pulumi.String(`{"Version":"2012-10-17"}`), Boundary: pulumi.String("arn:aws:iam::123456789012:policy/boundary"),
	}
}

func place() *host.AddressArgs {
	return &host.AddressArgs{
		Namer: lab, SubnetID: pulumi.String("subnet-1"), SecurityGroup: pulumi.String("sg-1"), PrivateIP: "10.20.0.10",
	}
}

// declare declares a host, at an address that stays unless args say otherwise.
func declare(args *host.HostArgs, at *host.AddressArgs) (*recording.Recording, error) {
	return recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		if args.Dynamic == nil {
			address, err := host.NewAddress(ctx, "host", at)
			if err != nil {
				return err
			}
			args.Address = address
			ctx.Export("privateIp", address.PrivateIP)
		}
		h, err := host.NewHost(ctx, "host", args)
		if err == nil {
			ctx.Export("publicIp", h.PublicIP)
		}
		return err
	})
}

func TestTheHostStandsWhereItsVolumeIs(t *testing.T) {
	r, err := declare(good(), place())
	require.NoError(t, err)
	assert.Equal(t, "us-west-2a", r.Named("host-data").Text("availabilityZone"))
	assert.Equal(t, 20.0, r.Named("host-data").Get("size"), "GiB")
	assert.Equal(t, "host-data-id", r.Named("host-data-attachment").Text("volumeId"))
}

// What people and machines reach is the interface's. A new instance is put behind
// it, so that neither record nor settings change.
func TestTheAddressesBelongToAnInterfaceThatOutlivesTheInstance(t *testing.T) {
	r, err := declare(good(), place())
	require.NoError(t, err)
	iface, instance := r.Named("host-interface"), r.Named("host-instance")
	assert.Equal(t, "subnet-1", iface.Text("subnetId"))
	assert.Equal(t, []any{"10.20.0.10"}, iface.Get("privateIps"))
	assert.Equal(t, []any{"sg-1"}, iface.Get("securityGroups"))
	assert.Equal(t, "host-interface-id", r.Named("host-address-association").Text("networkInterfaceId"))
	assert.Nil(t, r.Named("host-address-association").Get("instanceId"))
	assert.Equal(t, []any{map[string]any{"deviceIndex": 0.0, "networkInterfaceId": "host-interface-id"}}, instance.Get("networkInterfaces"))
	for _, conflicting := range []string{"subnetId", "privateIp", "associatePublicIpAddress", "vpcSecurityGroupIds"} {
		assert.Nil(t, instance.Get(conflicting), conflicting)
	}
	assert.Equal(t, "203.0.113.10", r.Outputs["publicIp"].Value)
	assert.Equal(t, "10.20.0.10", r.Outputs["privateIp"].Value)
}

func TestWithoutAnAddressOfItsOwnTheHostsIsWhatAWSChose(t *testing.T) {
	at := place()
	at.PrivateIP = ""
	r, err := declare(good(), at)
	require.NoError(t, err)
	assert.Nil(t, r.Named("host-interface").Get("privateIps"))
	assert.Equal(t, "10.99.0.4", r.Outputs["privateIp"].Value)
}

// EC2 gives a public address only to an interface that it makes itself.
func TestADynamicHostHasThePublicAddressOfItsInstance(t *testing.T) {
	args := good()
	args.Dynamic = &host.Dynamic{SubnetID: pulumi.String("subnet-1"), SecurityGroup: pulumi.String("sg-1"), PrivateIP: "10.20.0.10"}
	r, err := declare(args, nil)
	require.NoError(t, err)
	instance := r.Named("host-instance")
	assert.Equal(t, []any{"subnet-1", "10.20.0.10", true, []any{"sg-1"}, nil}, []any{
		instance.Get("subnetId"), instance.Get("privateIp"), instance.Get("associatePublicIpAddress"), instance.Get("vpcSecurityGroupIds"), instance.Get("networkInterfaces"),
	})
	assert.Empty(t, r.Of("aws:ec2/eip:Eip"))
	assert.Empty(t, r.Of("aws:ec2/networkInterface:NetworkInterface"))
	assert.Equal(t, "203.0.113.20", r.Outputs["publicIp"].Value)
}

// The provider would tag the root volume after it is made, which takes a
// permission to tag volumes that have no tags; and it would give the tags of one
// volume to all.
func TestTheRootVolumeIsTaggedAtLaunchAndNeverAgain(t *testing.T) {
	r, err := declare(good(), place())
	require.NoError(t, err)
	instance := r.Named("host-instance")
	assert.Nil(t, instance.Get("rootBlockDevice.tags"))
	assert.Equal(t, "lablink-root-test", instance.Text("volumeTags.Name"))
	assert.Equal(t, "host", instance.Text(`volumeTags["lablink:component"]`))
	assert.Equal(t, []string{"volumeTags"}, instance.IgnoreChanges)
}

func TestRolesAndProfilesAreAtTheirEnvironmentsPath(t *testing.T) {
	r, err := declare(good(), place())
	require.NoError(t, err)
	for _, name := range []string{"host-role", "host-profile"} {
		assert.Equal(t, "/lablink/lablink/test/us-west-2/", r.Named(name).Text("path"), name)
	}
}

func TestTheUserDataNamesTheReleaseAndTheVolume(t *testing.T) {
	r, err := declare(good(), place())
	require.NoError(t, err)
	script := r.Named("host-instance").Text("userData")
	assert.Contains(t, script, "pointer='/lablink/lablink/test/release'")
	assert.Contains(t, script, "bucket='the-bucket'")
	assert.Contains(t, script, "bootstrap --release \"$release\" '--region' 'us-west-2'")
	assert.Contains(t, script, "'--volume' 'host-data-id'")
}

// It reaches out from its own address, which a balancer that comes or goes leaves alone.
func TestBehindABalancerTheHostIsATargetAndStaysWhatItIs(t *testing.T) {
	without, err := declare(good(), place())
	require.NoError(t, err)
	args := good()
	args.TargetGroups = []pulumi.StringInput{pulumi.String("people"), pulumi.String("agents")}
	r, err := declare(args, place())
	require.NoError(t, err)
	var groups []string
	for _, target := range r.Of("aws:lb/targetGroupAttachment:TargetGroupAttachment") {
		assert.Equal(t, "host-instance-id", target.Text("targetId"))
		assert.True(t, target.DeleteBeforeReplace, "two of one target are one")
		groups = append(groups, target.Text("targetGroupArn"))
	}
	assert.ElementsMatch(t, []string{"people", "agents"}, groups)
	for _, before := range without.Records {
		assert.Equal(t, before.Inputs, r.Named(before.Name).Inputs, before.Name)
	}
}

// A volume and an interface serve one instance at a time.
func TestWhatReplacesTheHostEndsTheOldOneFirst(t *testing.T) {
	r, err := declare(good(), place())
	require.NoError(t, err)
	for _, name := range []string{"host-instance", "host-data-attachment", "host-address-association"} {
		assert.True(t, r.Named(name).DeleteBeforeReplace, name)
	}
	assert.Equal(t, true, r.Named("host-instance").Get("userDataReplaceOnChange"))
	assert.Equal(t, true, r.Named("host-data-attachment").Get("stopInstanceBeforeDetaching"), "the file system is unmounted first")
}

func TestTheHostBootsWhenItsReleaseIsThereAndItMayReadIt(t *testing.T) {
	args := good()
	r, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		first := &pulumi.ResourceState{}
		if err := ctx.RegisterComponentResource("test:test:First", "first", first); err != nil {
			return err
		}
		args.After = []pulumi.Resource{first}
		args.Dynamic = &host.Dynamic{SubnetID: pulumi.String("subnet-1"), SecurityGroup: pulumi.String("sg-1"), PrivateIP: "10.20.0.10"}
		_, err := host.NewHost(ctx, "host", args)
		return err
	})
	require.NoError(t, err)
	assert.Contains(t, r.Named("host-instance").DependsOn, "host-permissions")
	assert.Len(t, args.After, 1, "the caller's list is left alone")
}

func TestVolumeAndAddressOutliveAProtectedHost(t *testing.T) {
	for _, protect := range []bool{true, false} {
		args, at := good(), place()
		args.Protect, at.Protect = protect, protect
		r, err := declare(args, at)
		require.NoError(t, err)
		for _, name := range []string{"host-data", "host-address"} {
			assert.Equal(t, protect, r.Named(name).Protect, "%s with Protect: %t", name, protect)
			assert.Equal(t, protect, r.Named(name).RetainOnDelete, "%s with Protect: %t", name, protect)
		}
		assert.False(t, r.Named("host-instance").Protect, "a new instance takes over what the old one had")
	}
}

func TestAnIncompleteHostIsRefusedBeforeAnythingIsDeclared(t *testing.T) {
	dynamic := func() *host.Dynamic {
		return &host.Dynamic{SubnetID: pulumi.String("subnet-1"), SecurityGroup: pulumi.String("sg-1"), PrivateIP: "10.20.0.10"}
	}
	for what, spoil := range map[string]func(*host.HostArgs){
		"InstanceType":               func(a *host.HostArgs) { a.InstanceType = "" },
		"AMI":                        func(a *host.HostArgs) { a.AMI = "" },
		"Zone":                       func(a *host.HostArgs) { a.Zone = "" },
		"DataVolumeGiB":              func(a *host.HostArgs) { a.DataVolumeGiB = 0 },
		"Bucket":                     func(a *host.HostArgs) { a.Bucket = "" },
		"Pointer":                    func(a *host.HostArgs) { a.Pointer = "" },
		"Permissions":                func(a *host.HostArgs) { a.Permissions = nil },
		"Boundary":                   func(a *host.HostArgs) { a.Boundary = nil },
		"any address":                func(a *host.HostArgs) { a.Dynamic = nil },
		"one kind of address":        func(a *host.HostArgs) { a.Address = &host.Address{} },
		"a dynamic one's subnet":     func(a *host.HostArgs) { a.Dynamic.SubnetID = nil },
		"a dynamic one's group":      func(a *host.HostArgs) { a.Dynamic.SecurityGroup = nil },
		"a dynamic one's private IP": func(a *host.HostArgs) { a.Dynamic.PrivateIP = "" },
	} {
		args := good()
		args.Dynamic = dynamic()
		spoil(args)
		r, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
			_, err := host.NewHost(ctx, "host", args)
			return err
		})
		assert.ErrorContains(t, err, "are required", "without %s", what)
		assert.Empty(t, r.Names(), "what is declared without %s", what)
	}
	for what, spoil := range map[string]func(*host.AddressArgs){
		"SubnetID":      func(a *host.AddressArgs) { a.SubnetID = nil },
		"SecurityGroup": func(a *host.AddressArgs) { a.SecurityGroup = nil },
	} {
		at := place()
		spoil(at)
		r, err := declare(good(), at)
		assert.ErrorContains(t, err, what)
		assert.Empty(t, r.Names(), "what is declared without %s", what)
	}
}
