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
		Namer: lab, InstanceType: "t4g.small", AMI: "ami-11111111",
		SubnetID: pulumi.String("subnet-1"), Zone: "us-west-2a", PrivateIP: "10.20.0.10",
		SecurityGroup: pulumi.String("sg-1"), DataVolumeGiB: 20, Bucket: "the-bucket", Pointer: "/lablink/lablink/test/release",
		Permissions: pulumi.String(`{"Version":"2012-10-17"}`), Boundary: pulumi.String("arn:aws:iam::123456789012:policy/boundary"),
	}
}

func declare(args *host.HostArgs) (*recording.Recording, error) {
	return recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		h, err := host.NewHost(ctx, "host", args)
		if err == nil {
			ctx.Export("publicIp", h.PublicIP)
		}
		return err
	})
}

func TestTheHostStandsWhereItsVolumeIs(t *testing.T) {
	r, err := declare(good())
	require.NoError(t, err)
	instance, volume := r.Named("host-instance"), r.Named("host-data")
	assert.Equal(t, "subnet-1", instance.Text("subnetId"))
	assert.Equal(t, "10.20.0.10", instance.Text("privateIp"))
	assert.Equal(t, "us-west-2a", volume.Text("availabilityZone"))
	assert.Equal(t, 20.0, volume.Get("size"), "GiB")
	assert.Equal(t, "host-data-id", r.Named("host-data-attachment").Text("volumeId"))
	assert.Equal(t, "203.0.113.10", r.Outputs["publicIp"].Value)
}

// The provider would tag the root volume after it is made, which takes a
// permission to tag volumes that have no tags.
func TestRolesAndProfilesAreAtTheirEnvironmentsPath(t *testing.T) {
	r, err := declare(good())
	require.NoError(t, err)
	for _, name := range []string{"host-role", "host-profile"} {
		assert.Equal(t, "/lablink/lablink/test/us-west-2/", r.Named(name).Text("path"), name)
	}
	assert.Nil(t, r.Named("host-instance").Get("rootBlockDevice.tags"))
}

func TestTheUserDataNamesTheReleaseAndTheVolume(t *testing.T) {
	r, err := declare(good())
	require.NoError(t, err)
	script := r.Named("host-instance").Text("userData")
	assert.Contains(t, script, "pointer='/lablink/lablink/test/release'")
	assert.Contains(t, script, "bucket='the-bucket'")
	assert.Contains(t, script, "bootstrap --release \"$release\" '--region' 'us-west-2'")
	assert.Contains(t, script, "'--volume' 'host-data-id'")
}

// A volume serves one instance at a time, and an address and a fixed private
// address one owner.
func TestWhatReplacesTheHostEndsTheOldOneFirst(t *testing.T) {
	r, err := declare(good())
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
		_, err := host.NewHost(ctx, "host", args)
		return err
	})
	require.NoError(t, err)
	assert.Contains(t, r.Named("host-instance").DependsOn, "host-permissions")
	assert.Len(t, args.After, 1, "the caller's list is left alone")
}

func TestVolumeAndAddressOutliveAProtectedHost(t *testing.T) {
	for _, protect := range []bool{true, false} {
		args := good()
		args.Protect = protect
		r, err := declare(args)
		require.NoError(t, err)
		for _, name := range []string{"host-data", "host-address"} {
			assert.Equal(t, protect, r.Named(name).Protect, "%s with Protect: %t", name, protect)
			assert.Equal(t, protect, r.Named(name).RetainOnDelete, "%s with Protect: %t", name, protect)
		}
		assert.False(t, r.Named("host-instance").Protect, "a new instance takes over what the old one had")
	}
}

func TestAnIncompleteHostIsRefusedBeforeAnythingIsDeclared(t *testing.T) {
	for what, spoil := range map[string]func(*host.HostArgs){
		"InstanceType":  func(a *host.HostArgs) { a.InstanceType = "" },
		"AMI":           func(a *host.HostArgs) { a.AMI = "" },
		"SubnetID":      func(a *host.HostArgs) { a.SubnetID = nil },
		"Zone":          func(a *host.HostArgs) { a.Zone = "" },
		"PrivateIP":     func(a *host.HostArgs) { a.PrivateIP = "" },
		"SecurityGroup": func(a *host.HostArgs) { a.SecurityGroup = nil },
		"DataVolumeGiB": func(a *host.HostArgs) { a.DataVolumeGiB = 0 },
		"Bucket":        func(a *host.HostArgs) { a.Bucket = "" },
		"Pointer":       func(a *host.HostArgs) { a.Pointer = "" },
		"Permissions":   func(a *host.HostArgs) { a.Permissions = nil },
		"Boundary":      func(a *host.HostArgs) { a.Boundary = nil },
	} {
		args := good()
		spoil(args)
		r, err := declare(args)
		assert.ErrorContains(t, err, what, "without %s", what)
		assert.Empty(t, r.Names(), "what is declared without %s", what)
	}
}
