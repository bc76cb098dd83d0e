package provider_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/require"
)

func TestWhatIsWrongWithAPropertyIsSaidUnderItsName(t *testing.T) {
	w := newWorld(t)
	const group = "aws:ec2/securityGroup:SecurityGroup"
	for _, c := range []struct {
		name, token string
		in          m
		property    string
		reason      string
	}{
		{"a property that pulumi-aws does not have", vpcToken, m{"cidrBlok": "10.0.0.0/16"}, "cidrBlok", "there is no such property"},
		{"one that the model does not have", vpcToken, m{"cidrBlock": "10.0.0.0/16", "ipv6CidrBlock": "::/56"}, "ipv6CidrBlock", "the simulator does not model this property"},
		{"one that is deprecated and inline", bucketToken, m{"bucket": "b-1", "acl": "private"}, "acl", "the simulator does not model this property"},
		{"a required one that is missing", subnetToken, m{"cidrBlock": "10.0.0.0/24"}, "vpcId", "this property is required"},
		{"text for a number", "aws:ebs/volume:Volume", m{"availabilityZone": "us-west-2a", "size": "ten"}, "size", "expected int, got string"},
		{"a number for text", group, m{"description": 5}, "description", "expected string, got number"},
		{"text for a flag", vpcToken, m{"enableDnsSupport": "yes"}, "enableDnsSupport", "expected bool, got string"},
		{"text for a list", instanceToken, m{"vpcSecurityGroupIds": "sg-1"}, "vpcSecurityGroupIds", "expected slice, got string"},
		{"a wrong element", instanceToken, m{"vpcSecurityGroupIds": []any{"sg-1", 2}}, "vpcSecurityGroupIds[1]", "expected string, got number"},
		{"a wrong tag", vpcToken, m{"tags": m{"a": 1}}, "tags.a", "expected string, got number"},
		{"one inside an object", instanceToken, m{"metadataOptions": m{"httpToken": "required"}}, "metadataOptions.httpToken", "there is no such property"},
		{"a required one inside an object", "aws:s3/bucketVersioningV2:BucketVersioningV2", m{"bucket": "b", "versioningConfiguration": m{}}, "versioningConfiguration.status", "this property is required"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, wrong := w.check(c.token, nil, properties(c.in))
			require.Equal(t, map[string]string{c.property: c.reason}, wrong)
		})
	}
}

func TestAPropertyDeepInsideThatTheModelLacksIsRefusedWhenItIsMade(t *testing.T) {
	w := newWorld(t)
	inputs, wrong := w.check("aws:ec2/launchTemplate:LaunchTemplate", nil, properties(m{"networkInterfaces": []any{m{"ipv6AddressCount": 1}}}))
	require.Empty(t, wrong)
	_, err := w.engine.Create(t.Context(), plugin.CreateRequest{URN: urn("aws:ec2/launchTemplate:LaunchTemplate", "it"), Properties: inputs})
	require.ErrorContains(t, err, "the simulator does not model this")
	require.ErrorContains(t, err, "ipv6AddressCount")
}

func TestAnUnknownValuePassesWhateverItsType(t *testing.T) {
	w := newWorld(t)
	_, wrong := w.check(subnetToken, nil, resource.PropertyMap{
		"vpcId": resource.MakeComputed(resource.NewProperty("")), "cidrBlock": resource.NewProperty("10.0.0.0/24"),
		"mapPublicIpOnLaunch": resource.MakeComputed(resource.NewProperty("")),
	})
	require.Empty(t, wrong)
}

func TestATypeThatIsNotThereIsRefusedWithThoseThatAre(t *testing.T) {
	w := newWorld(t)
	_, err := w.engine.Check(t.Context(), plugin.CheckRequest{URN: urn("aws:lambda/function:Function", "it"), News: resource.PropertyMap{}})
	require.ErrorContains(t, err, "does not have resources of type aws:lambda/function:Function")
	require.ErrorContains(t, err, vpcToken)
}

func TestTheProvidersOwnSettingsAreUnderstoodOrRefused(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		in   m
		want map[string]string
	}{
		{"its Region", m{"region": "us-west-2", "skipCredentialsValidation": "true"}, map[string]string{}},
		{"another Region", m{"region": "eu-west-1"}, map[string]string{"region": `the simulator's Region is us-west-2, not "eu-west-1"`}},
		{"default tags", m{"defaultTags": "{}"}, map[string]string{"defaultTags": "the simulator does not model this setting of the provider"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := w.engine.CheckConfig(t.Context(), plugin.CheckConfigRequest{URN: urn("pulumi:providers:aws", "aws"), News: properties(c.in), AllowUnknowns: true})
			require.NoError(t, err)
			got := map[string]string{}
			for _, f := range out.Failures {
				got[string(f.Property)] = f.Reason
			}
			require.Equal(t, c.want, got)
		})
	}
}

func TestANameIsMadeOnceAndKept(t *testing.T) {
	w := newWorld(t)
	const group = "aws:ec2/securityGroup:SecurityGroup"
	in := properties(m{"vpcId": "vpc-1"})
	first, wrong := w.check(group, nil, in)
	require.Empty(t, wrong)
	require.Regexp(t, `^it-[0-9a-f]{7}$`, first["name"].StringValue())
	again, _ := w.check(group, nil, in)
	require.Equal(t, first["name"], again["name"], "a preview and the update after it agree")
	kept, _ := w.check(group, resource.PropertyMap{"vpcId": in["vpcId"], "name": resource.NewProperty("it-0000000"), "__defaults": first["__defaults"]}, in)
	require.Equal(t, "it-0000000", kept["name"].StringValue())
	given, _ := w.check(group, first, properties(m{"vpcId": "vpc-1", "name": "mine"}))
	require.Equal(t, "mine", given["name"].StringValue())
	object, _ := w.check(objectToken, nil, properties(m{"bucket": "b", "content": "x"}))
	require.Equal(t, "it", object["key"].StringValue(), "an object's key has no random part")
}

func TestANameThatWouldBeTooLongIsRefusedUnderItsProperty(t *testing.T) {
	w := newWorld(t)
	name := "a-role-whose-name-is-much-longer-than-the-sixty-four-characters-there-are"
	out, err := w.engine.Check(t.Context(), plugin.CheckRequest{URN: urn("aws:iam/role:Role", name), News: properties(m{"assumeRolePolicy": "{}"})})
	require.NoError(t, err)
	require.Len(t, out.Failures, 1)
	require.Equal(t, "name", string(out.Failures[0].Property))
	require.Contains(t, out.Failures[0].Reason, "longer than maximum length 64")
}
