package pool_test

import (
	"encoding/base64"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/image"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/pool"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

var lab = naming.Namer{Deployment: "lablink", Environment: "test", AccountID: "123456789012", Region: "us-west-2"}

func good() *pool.PoolArgs {
	return &pool.PoolArgs{
		Namer: lab, Pool: "gpu", InstanceTypes: []string{"g5.xlarge", "g4dn.xlarge"},
		Image: image.Image{ID: "ami-1", RootDevice: "/dev/sda1"}, SecurityGroup: pulumi.String("sg-clients"), RootVolumeGiB: 100,
		Bucket: "the-bucket", Pointer: "/lablink/lablink/test/release", Permissions: host.ClientPermissions(lab, "the-bucket"),
		Boundary: pulumi.String("arn:aws:iam::123456789012:policy/boundary"),
		AgentURL: pulumi.String("https://10.20.0.10"), TLSName: "lab.example.org", Audience: "lablink/test",
	}
}

func declare(args *pool.PoolArgs) (*recording.Recording, error) {
	return recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		p, err := pool.NewPool(ctx, "pool-gpu", args)
		if err == nil {
			ctx.Export("template", p.LaunchTemplateID)
		}
		return err
	})
}

func TestMachinesStartFromThePoolsTemplate(t *testing.T) {
	r, err := declare(good())
	require.NoError(t, err)
	template := r.Named("pool-gpu-template")
	for path, want := range map[string]any{
		"name": "lablink-client-gpu-test", "imageId": "ami-1", "instanceType": "g5.xlarge", "updateDefaultVersion": true,
		"iamInstanceProfile.name":               "lablink-client-gpu-test-us-west-2",
		"blockDeviceMappings[0].deviceName":     "/dev/sda1",
		"blockDeviceMappings[0].ebs.volumeSize": 100.0,
		"networkInterfaces[0].securityGroups":   []any{"sg-clients"},
	} {
		assert.Equal(t, want, template.Get(path), path)
	}
	assert.Equal(t, "pool-gpu-template-id", r.Outputs["template"].Value)
	for _, name := range []string{"pool-gpu-role", "pool-gpu-profile"} {
		assert.Equal(t, "/lablink/lablink/test/us-west-2/", r.Named(name).Text("path"), name)
	}
}

func TestMachinesGetPublicAddressesWhereTheirSubnetsDoNotDecide(t *testing.T) {
	yes, no := true, false
	for _, c := range []struct {
		public *bool
		want   any
	}{{&yes, "true"}, {&no, "false"}, {nil, nil}} {
		args := good()
		args.Public = c.public
		r, err := declare(args)
		require.NoError(t, err)
		assert.Equal(t, c.want, r.Named("pool-gpu-template").Get("networkInterfaces[0].associatePublicIpAddress"))
	}
}

// The allocator finds its machines, and may end them, by these.
func TestMachinesCarryTheTagsOfTheirPoolAndOfTheAllocator(t *testing.T) {
	r, err := declare(good())
	require.NoError(t, err)
	specs, _ := r.Named("pool-gpu-template").Get("tagSpecifications").([]any)
	kinds := map[any]any{}
	for _, s := range specs {
		spec, _ := s.(map[string]any)
		kinds[spec["resourceType"]] = spec["tags"]
	}
	want := map[string]any{
		"Name": "lablink-client-gpu-test", "lablink:deployment": "lablink", "lablink:environment": "test",
		"lablink:component": "machine", "lablink:managed-by": "allocator", "lablink:pool": "gpu",
	}
	assert.Equal(t, map[any]any{"instance": want, "volume": want}, kinds)
}

func TestMachinesAreToldWhereTheAllocatorIs(t *testing.T) {
	for _, c := range []struct{ tlsName, trust, want, not string }{
		{"lab.example.org", "", "'--allocator-url' 'https://10.20.0.10' '--audience' 'lablink/test' '--tls-name' 'lab.example.org'", "--trust"},
		{"lab.example.org", "a\ncertificate\n", "'--tls-name' 'lab.example.org' '--trust' 'YQpjZXJ0aWZpY2F0ZQo='", ""},
		{"", "", "'--allocator-url' 'https://10.20.0.10' '--audience' 'lablink/test'\n", "--tls-name"},
	} {
		args := good()
		args.TLSName = c.tlsName
		if c.trust != "" {
			args.Trust = pulumi.String(c.trust)
		}
		r, err := declare(args)
		require.NoError(t, err)
		script, err := base64.StdEncoding.DecodeString(r.Named("pool-gpu-template").Text("userData"))
		require.NoError(t, err)
		assert.Contains(t, string(script), c.want)
		assert.Contains(t, string(script), "binary='lablink-agent'")
		if c.not != "" {
			assert.NotContains(t, string(script), c.not)
		}
	}
}

func TestMachinesAreToldWhichDesktopTheyShow(t *testing.T) {
	for desktop, want := range map[string]string{"vnc": "'--audience' 'lablink/test' '--desktop' 'vnc'\n", "crd": "'--audience' 'lablink/test' '--desktop' 'crd'\n", "none": "'--audience' 'lablink/test'\n", "": "'--audience' 'lablink/test'\n"} {
		args := good()
		args.TLSName, args.Desktop = "", desktop
		r, err := declare(args)
		require.NoError(t, err)
		script, err := base64.StdEncoding.DecodeString(r.Named("pool-gpu-template").Text("userData"))
		require.NoError(t, err)
		assert.Contains(t, string(script), want, "a release that knows no desktops boots where none is shown")
	}
}

func TestAnIncompletePoolIsRefusedBeforeAnythingIsDeclared(t *testing.T) {
	for what, spoil := range map[string]func(*pool.PoolArgs){
		"Pool":          func(a *pool.PoolArgs) { a.Pool = "" },
		"InstanceTypes": func(a *pool.PoolArgs) { a.InstanceTypes = nil },
		"Image":         func(a *pool.PoolArgs) { a.Image.RootDevice = "" },
		"SecurityGroup": func(a *pool.PoolArgs) { a.SecurityGroup = nil },
		"RootVolumeGiB": func(a *pool.PoolArgs) { a.RootVolumeGiB = 0 },
		"Bucket":        func(a *pool.PoolArgs) { a.Bucket = "" },
		"Pointer":       func(a *pool.PoolArgs) { a.Pointer = "" },
		"AgentURL":      func(a *pool.PoolArgs) { a.AgentURL = nil },
		"Audience":      func(a *pool.PoolArgs) { a.Audience = "" },
	} {
		args := good()
		spoil(args)
		r, err := declare(args)
		assert.ErrorContains(t, err, what, "without %s", what)
		assert.Empty(t, r.Names(), "what is declared without %s", what)
	}
}
