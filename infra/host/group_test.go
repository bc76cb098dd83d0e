package host_test

import (
	"encoding/base64"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/image"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

func several() *host.GroupArgs {
	return &host.GroupArgs{
		Namer: lab, InstanceType: "t4g.small", Image: image.Image{ID: "ami-11111111", RootDevice: "/dev/xvda"}, Count: 3,
		SubnetIDs: pulumi.StringArray{pulumi.String("subnet-1"), pulumi.String("subnet-2")}, SecurityGroup: pulumi.String("sg-1"),
		TargetGroups: []pulumi.StringInput{pulumi.String("people"), pulumi.String("agents")},
		Bucket:       "the-bucket", Pointer: "/lablink/lablink/test/release", Permissions: pulumi.String(`{"Version":"2012-10-17"}`),
		Boundary: pulumi.String("arn:aws:iam::123456789012:policy/boundary"),
	}
}

func declareGroup(args *host.GroupArgs) (*recording.Recording, error) {
	return recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		_, err := host.NewGroup(ctx, "host", args)
		return err
	})
}

func TestSeveralHostsAreSpreadAndReplacedWhenTheirInstanceIsImpairedOnly(t *testing.T) {
	r, err := declareGroup(several())
	require.NoError(t, err)
	group := r.Named("host-instances")
	assert.Equal(t, []any{3.0, 3.0, 3.0}, []any{group.Get("minSize"), group.Get("desiredCapacity"), group.Get("maxSize")})
	assert.Equal(t, []any{"subnet-1", "subnet-2"}, group.Get("vpcZoneIdentifiers"))
	assert.Equal(t, []any{"people", "agents"}, group.Get("targetGroupArns"))
	assert.Equal(t, "EC2", group.Text("healthCheckType"), "a database that is away ends no host")
	assert.Equal(t, "host-template-id", group.Text("launchTemplate.id"))
	assert.Nil(t, group.Get("instanceRefresh"), "a release replaces no host")
	assert.Subset(t, group.DependsOn, []string{"host-permissions", "host-peers"})
}

func TestSeveralHostsKeepNothingAndReachEachOther(t *testing.T) {
	r, err := declareGroup(several())
	require.NoError(t, err)
	assert.Empty(t, r.Of("aws:ebs/volume:Volume"))
	assert.Empty(t, r.Of("aws:ec2/eip:Eip"))
	template := r.Named("host-template")
	script, err := base64.StdEncoding.DecodeString(template.Text("userData"))
	require.NoError(t, err)
	assert.Contains(t, string(script), "bootstrap --release \"$release\" '--region' 'us-west-2'")
	assert.NotContains(t, string(script), "--volume")
	assert.Equal(t, []any{"sg-1"}, template.Get("networkInterfaces[0].securityGroups"))
	assert.Equal(t, "true", template.Get("networkInterfaces[0].associatePublicIpAddress"), "they reach out")
	assert.Equal(t, "pulumi", template.Get(`tagSpecifications[0].tags["lablink:managed-by"]`), "no allocator ends another")
	peers := r.Named("host-peers")
	assert.Equal(t, []any{"sg-1", "sg-1", 8443.0, 8443.0, "tcp"}, []any{
		peers.Get("securityGroupId"), peers.Get("referencedSecurityGroupId"), peers.Get("fromPort"), peers.Get("toPort"), peers.Get("ipProtocol"),
	})
}

func TestAnIncompleteGroupIsRefusedBeforeAnythingIsDeclared(t *testing.T) {
	for what, spoil := range map[string]func(*host.GroupArgs){
		"InstanceType":  func(a *host.GroupArgs) { a.InstanceType = "" },
		"Image":         func(a *host.GroupArgs) { a.Image.RootDevice = "" },
		"Count":         func(a *host.GroupArgs) { a.Count = 1 },
		"SubnetIDs":     func(a *host.GroupArgs) { a.SubnetIDs = nil },
		"SecurityGroup": func(a *host.GroupArgs) { a.SecurityGroup = nil },
		"TargetGroups":  func(a *host.GroupArgs) { a.TargetGroups = nil },
		"Bucket":        func(a *host.GroupArgs) { a.Bucket = "" },
		"Pointer":       func(a *host.GroupArgs) { a.Pointer = "" },
		"Permissions":   func(a *host.GroupArgs) { a.Permissions = nil },
		"Boundary":      func(a *host.GroupArgs) { a.Boundary = nil },
	} {
		args := several()
		spoil(args)
		r, err := declareGroup(args)
		assert.ErrorContains(t, err, what, "without %s", what)
		assert.Empty(t, r.Names(), "what is declared without %s", what)
	}
}
