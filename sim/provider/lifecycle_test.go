package provider_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/pulumi/pulumi/sdk/v3/go/common/tokens"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestAPreviewKnowsTheInputsAndNothingThatAWSDecides(t *testing.T) {
	w := newWorld(t)
	inputs, _ := w.check(vpcToken, nil, properties(m{"cidrBlock": "10.0.0.0/16"}))
	out, err := w.engine.Create(t.Context(), plugin.CreateRequest{URN: urn(vpcToken, "it"), Properties: inputs, Preview: true})
	require.NoError(t, err)
	require.Equal(t, "10.0.0.0/16", out.Properties["cidrBlock"].StringValue())
	for _, name := range []resource.PropertyKey{"arn", "ownerId", "mainRouteTableId"} {
		require.True(t, out.Properties[name].IsComputed(), "%s: expected unknown, got %v", name, out.Properties[name])
	}
	made := w.vpc()
	require.Equal(t, "arn:aws:ec2:us-west-2:123456789012:vpc/"+string(made.id), made.outputs["arn"].StringValue())
	require.Equal(t, string(made.id), w.account.Creation(string(urn(vpcToken, "it"))))
	_, err = w.account.VPC(string(made.id))
	require.NoError(t, err)
}

func TestAChangeIsInPlaceOrReplacesAsOnAWS(t *testing.T) {
	w := newWorld(t)
	vpc := w.vpc()
	group := w.create("aws:ec2/securityGroup:SecurityGroup", properties(m{"vpcId": string(vpc.id)}))
	named := w.create("aws:ec2/securityGroup:SecurityGroup", properties(m{"vpcId": string(vpc.id), "name": "mine"}))
	for _, c := range []struct {
		name, token string
		old         made
		in          m
		replaces    []resource.PropertyKey // nil: in place
		first       bool                   // the old one goes first
	}{
		{"a range", vpcToken, vpc, m{"cidrBlock": "10.1.0.0/16"}, []resource.PropertyKey{"cidrBlock"}, false},
		{"a tag", vpcToken, vpc, m{"cidrBlock": "10.0.0.0/16", "tags": m{"a": "b"}}, nil, false},
		{"a flag", vpcToken, vpc, m{"cidrBlock": "10.0.0.0/16", "enableDnsHostnames": true}, nil, false},
		{"a description, under a made-up name", "aws:ec2/securityGroup:SecurityGroup", group, m{"vpcId": string(vpc.id), "description": "other"}, []resource.PropertyKey{"description"}, false},
		{"a description, under a name by hand", "aws:ec2/securityGroup:SecurityGroup", named, m{"vpcId": string(vpc.id), "name": "mine", "description": "other"}, []resource.PropertyKey{"description"}, true},
		{"the name itself", "aws:ec2/securityGroup:SecurityGroup", named, m{"vpcId": string(vpc.id), "name": "other"}, []resource.PropertyKey{"name"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := w.diff(c.token, c.old, properties(c.in))
			require.Equal(t, plugin.DiffSome, d.Changes)
			require.ElementsMatch(t, c.replaces, d.ReplaceKeys)
			require.Equal(t, c.first, d.DeleteBeforeReplace)
		})
	}
	require.Equal(t, plugin.DiffNone, w.diff("aws:ec2/securityGroup:SecurityGroup", group, properties(m{"vpcId": string(vpc.id)})).Changes, "a made-up name is no change")
}

func TestAReplacementReachesIntoObjects(t *testing.T) {
	w := newWorld(t)
	in := m{"ami": image, "instanceType": "sim.small", "subnetId": string(w.subnet(w.vpc()).id), "rootBlockDevice": m{"volumeSize": 10}}
	i := w.create(instanceToken, properties(in))
	in["rootBlockDevice"] = m{"volumeSize": 20}
	require.Empty(t, w.diff(instanceToken, i, properties(in)).ReplaceKeys)
	in["rootBlockDevice"] = m{"volumeSize": 20, "encrypted": true}
	require.Equal(t, []resource.PropertyKey{"rootBlockDevice.encrypted"}, w.diff(instanceToken, i, properties(in)).ReplaceKeys)
}

func TestAnUpdateInPlaceChangesTheAccount(t *testing.T) {
	w := newWorld(t)
	p := w.create(parameterToken, properties(m{"name": "/p", "type": "String", "value": "1"}))
	next, _ := w.check(parameterToken, p.inputs, properties(m{"name": "/p", "type": "String", "value": "2"}))
	request := plugin.UpdateRequest{URN: urn(parameterToken, "it"), Type: tokens.Type(parameterToken), ID: p.id, OldInputs: p.inputs, OldOutputs: p.outputs, NewInputs: next, Preview: true}
	planned, err := w.engine.Update(t.Context(), request)
	require.NoError(t, err)
	require.True(t, planned.Properties["version"].IsComputed(), "a preview does not know the version that comes")
	require.Equal(t, p.id, p.id)
	got, err := w.account.Parameter("/p")
	require.NoError(t, err)
	require.Equal(t, "1", got.Value, "a preview changes nothing")

	request.Preview = false
	done, err := w.engine.Update(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, 2.0, done.Properties["version"].NumberValue())
	got, err = w.account.Parameter("/p")
	require.NoError(t, err)
	require.Equal(t, "2", got.Value)
}

func TestARefreshSeesWhatChangedAndWhatIsGone(t *testing.T) {
	w := newWorld(t)
	v := w.create(vpcToken, properties(m{"cidrBlock": "10.0.0.0/16", "tags": m{"a": "b"}}))
	require.NoError(t, w.account.UpdateVPC(string(v.id), &cloud.VPC{Tagged: cloud.Tagged{Tags: map[string]string{"a": "by hand"}}}))
	seen := w.read(vpcToken, v.id, v.inputs, v.outputs)
	require.Equal(t, v.id, seen.ID)
	require.Equal(t, "by hand", seen.Inputs["tags"].ObjectValue()["a"].StringValue())
	require.NotContains(t, seen.Inputs, resource.PropertyKey("enableDnsSupport"), "an input that was left out stays out")
	require.NoError(t, w.account.DeleteVPC(string(v.id)))
	require.Empty(t, w.read(vpcToken, v.id, v.inputs, v.outputs).ID)
	require.NoError(t, w.remove(vpcToken, v), "what is gone already is no error")
}

func TestAnImportIsByTheIdThatPeopleWrite(t *testing.T) {
	w := newWorld(t)
	vpc := w.vpc()
	subnet := w.subnet(vpc)
	gateway := w.create(gatewayToken, properties(m{"vpcId": string(vpc.id)}))
	table := w.create(tableToken, properties(m{"vpcId": string(vpc.id)}))
	const route, association, attachment = "aws:ec2/route:Route", "aws:ec2/routeTableAssociation:RouteTableAssociation", "aws:ec2/volumeAttachment:VolumeAttachment"
	r := w.create(route, properties(m{"routeTableId": string(table.id), "destinationCidrBlock": "0.0.0.0/0", "gatewayId": string(gateway.id)}))
	a := w.create(association, properties(m{"subnetId": string(subnet.id), "routeTableId": string(table.id)}))
	i := w.create(instanceToken, properties(m{"ami": image, "instanceType": "sim.small", "subnetId": string(subnet.id)}))
	v := w.create("aws:ebs/volume:Volume", properties(m{"availabilityZone": "us-west-2a", "size": 1}))
	x := w.create(attachment, properties(m{"deviceName": "/dev/sdf", "instanceId": string(i.id), "volumeId": string(v.id)}))
	w.create(bucketToken, properties(m{"bucket": "data"}))
	o := w.create(objectToken, properties(m{"bucket": "data", "key": "a/b", "content": "x"}))
	for _, c := range []struct {
		token   string
		written resource.ID
		want    made
	}{
		{vpcToken, vpc.id, vpc},
		{route, table.id + "_0.0.0.0/0", r},
		{association, subnet.id + "/" + table.id, a},
		{attachment, "/dev/sdf:" + v.id + ":" + i.id, x},
		{objectToken, "data/a/b", o},
		{objectToken, "s3://data/a/b", o},
	} {
		t.Run(string(c.written), func(t *testing.T) {
			got := w.read(c.token, c.written, nil, nil)
			require.Equal(t, c.want.id, got.ID)
			require.Equal(t, c.want.outputs.Copy().Mappable()["arn"], got.Outputs.Mappable()["arn"])
			require.NotEmpty(t, got.Inputs)
			require.NotContains(t, got.Inputs, resource.PropertyKey("tagsAll"))
		})
	}
	require.Empty(t, w.read(association, "subnet-0/rtb-0", nil, nil).ID, "what is not there cannot be imported")
	require.Empty(t, w.read(route, "rtb-0_0.0.0.0/0", nil, nil).ID)
}

// The engine imports only what the inputs describe.
func TestAnIdentityProviderIsImportedAsItIs(t *testing.T) {
	const token = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
	w := newWorld(t)
	there := w.read(token, "arn:aws:iam::123456789012:oidc-provider/id.example.org", nil, nil)
	require.Equal(t, "id.example.org", there.Inputs["url"].StringValue(), "IAM keeps no scheme")
	in := m{"url": "https://id.example.org", "clientIdLists": []any{"sts.amazonaws.com"}, "thumbprintLists": there.Inputs["thumbprintLists"].Mappable()}
	old := made{there.ID, there.Inputs, there.Outputs}
	require.Equal(t, plugin.DiffNone, w.diff(token, old, properties(in)).Changes)
	in["clientIdLists"] = []any{"other"}
	require.Empty(t, w.diff(token, old, properties(in)).ReplaceKeys)
	in["url"] = "https://id.example.com"
	require.Equal(t, []resource.PropertyKey{"url"}, w.diff(token, old, properties(in)).ReplaceKeys)
}

func TestARefusalIsWordedAsTheProviderDoes(t *testing.T) {
	w := newWorld(t)
	vpc := w.vpc()
	w.subnet(vpc)
	err := w.remove(vpcToken, vpc)
	require.ErrorContains(t, err, "1 error occurred")
	require.ErrorContains(t, err, "deleting Vpc ("+string(vpc.id)+"): https response error StatusCode: 400, api error DependencyViolation: The vpc '"+string(vpc.id)+"' has dependencies")
	inputs, _ := w.check(subnetToken, nil, properties(m{"vpcId": "vpc-0", "cidrBlock": "10.0.0.0/24"}))
	_, err = w.engine.Create(t.Context(), plugin.CreateRequest{URN: urn(subnetToken, "it"), Properties: inputs})
	require.ErrorContains(t, err, "api error InvalidVpcID.NotFound")
}

func TestADeletedInstanceHasEnded(t *testing.T) {
	w := newWorld(t)
	i := w.create(instanceToken, properties(m{"ami": image, "instanceType": "sim.small", "subnetId": string(w.subnet(w.vpc()).id), "disableApiTermination": true}))
	require.NoError(t, w.remove(instanceToken, i), "the provider lifts the protection itself")
	got, err := w.account.Instance(string(i.id))
	require.NoError(t, err)
	require.Equal(t, "terminated", got.InstanceState)
	require.Empty(t, w.read(instanceToken, i.id, i.inputs, i.outputs).ID, "an ended instance counts as gone")
}

// What a volume was made of stays what it is when nobody writes it any more.
func TestAVolumeIsReplacedForAnotherSnapshotAndNotForNone(t *testing.T) {
	w := newWorld(t)
	first, second := w.snapshot(), w.snapshot()
	in := m{"availabilityZone": "us-west-2a", "size": 2, "encrypted": true, "type": "gp3"}
	blank := w.create(volumeToken, properties(in))
	in["snapshotId"] = first
	require.Equal(t, []resource.PropertyKey{"snapshotId"}, w.diff(volumeToken, blank, properties(in)).ReplaceKeys)
	restored := w.create(volumeToken, properties(in))
	in["snapshotId"] = second
	require.Equal(t, []resource.PropertyKey{"snapshotId"}, w.diff(volumeToken, restored, properties(in)).ReplaceKeys)
	delete(in, "snapshotId")
	require.Equal(t, plugin.DiffNone, w.diff(volumeToken, restored, properties(in)).Changes)
	in["size"] = 3
	grown := w.diff(volumeToken, restored, properties(in))
	require.Equal(t, plugin.DiffSome, grown.Changes)
	require.Empty(t, grown.ReplaceKeys)
}
