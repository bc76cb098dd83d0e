package provider_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/require"
)

const (
	balancerToken    = "aws:lb/loadBalancer:LoadBalancer"
	targetsToken     = "aws:lb/targetGroup:TargetGroup"
	targetToken      = "aws:lb/targetGroupAttachment:TargetGroupAttachment"
	listenerToken    = "aws:lb/listener:Listener"
	scalingToken     = "aws:autoscaling/group:Group"
	certificateToken = "aws:acm/certificate:Certificate"
	issuedToken      = "aws:acm/certificateValidation:CertificateValidation"
)

// balanced is a load balancer in two zones with a target group, and what they
// were made from.
func (w *world) balanced() (subnets []any, lb, targets made) {
	w.Helper()
	vpc := w.vpc()
	w.create(gatewayToken, properties(m{"vpcId": string(vpc.id)}))
	for zone, cidr := range map[string]string{"us-west-2a": "10.0.0.0/24", "us-west-2b": "10.0.1.0/24"} {
		s := w.create(subnetToken, properties(m{"vpcId": string(vpc.id), "cidrBlock": cidr, "availabilityZone": zone}))
		subnets = append(subnets, string(s.id))
	}
	lb = w.create(balancerToken, properties(m{"name": "people", "subnets": subnets, "idleTimeout": 4000}))
	targets = w.create(targetsToken, properties(m{"name": "hosts", "port": 80, "protocol": "HTTP", "vpcId": string(vpc.id), "healthCheck": m{"path": "/readyz"}}))
	return subnets, lb, targets
}

func TestWhatStandsBeforeMachinesIsChangedInPlaceOrReplacedAsOnAWS(t *testing.T) {
	w := newWorld(t)
	subnets, lb, targets := w.balanced()
	redirect := []any{m{"type": "redirect", "redirect": m{"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}}
	l := w.create(listenerToken, properties(m{"loadBalancerArn": string(lb.id), "port": 80, "defaultActions": redirect}))
	template := w.create("aws:ec2/launchTemplate:LaunchTemplate", properties(m{"imageId": image, "instanceType": "sim.small"}))
	group := w.create(scalingToken, properties(m{
		"name": "hosts", "minSize": 1, "maxSize": 1, "vpcZoneIdentifiers": subnets, "targetGroupArns": []any{string(targets.id)},
		"launchTemplate": m{"id": string(template.id), "version": "$Latest"}, "tags": []any{m{"key": "a", "value": "b", "propagateAtLaunch": false}},
	}))
	certificate := w.create(certificateToken, properties(m{"domainName": "lab.example.org", "validationMethod": "DNS"}))
	for _, c := range []struct {
		why, token string
		it         made
		change     m
		replaces   bool
	}{
		{"a load balancer's patience", balancerToken, lb, m{"idleTimeout": 60}, false},
		{"a load balancer's name", balancerToken, lb, m{"name": "other"}, true},
		{"a load balancer that moves inside", balancerToken, lb, m{"internal": true}, true},
		{"a health check", targetsToken, targets, m{"healthCheck": m{"path": "/healthz"}}, false},
		{"the port of hosts", targetsToken, targets, m{"port": 8080}, true},
		{"a listener's port", listenerToken, l, m{"port": 81}, false},
		{"a listener's load balancer", listenerToken, l, m{"loadBalancerArn": "another"}, true},
		{"a group's size", scalingToken, group, m{"maxSize": 2}, false},
		{"a group's name", scalingToken, group, m{"name": "other"}, true},
		{"a certificate's tags", certificateToken, certificate, m{"tags": m{"a": "b"}}, false},
		{"a certificate's name", certificateToken, certificate, m{"domainName": "www.example.org"}, true},
	} {
		in := c.it.inputs.Copy()
		for key, value := range properties(c.change) {
			in[key] = value
		}
		out := w.diff(c.token, c.it, in)
		require.Equal(t, plugin.DiffSome, out.Changes, c.why)
		require.Equal(t, c.replaces, out.Replace(), c.why)
	}
	for token, it := range map[string]made{balancerToken: lb, targetsToken: targets, listenerToken: l, scalingToken: group, certificateToken: certificate} {
		seen := w.read(token, it.id, it.inputs, it.outputs)
		require.Equal(t, it.id, seen.ID, token)
		require.Equal(t, plugin.DiffNone, w.diff(token, made{it.id, seen.Inputs, seen.Outputs}, it.inputs).Changes, "a refresh of %s changes nothing", token)
		imported := w.read(token, it.id, nil, nil)
		require.NotEmpty(t, imported.Inputs, "an import of %s", token)
	}
	require.NoError(t, w.remove(scalingToken, group), "its instances end first")
	for _, i := range w.account.Instances() {
		require.Equal(t, "terminated", i.InstanceState)
	}
	require.Empty(t, w.read(scalingToken, group.id, group.inputs, group.outputs).ID)
}

func TestNamesOfLoadBalancersAreShort(t *testing.T) {
	w := newWorld(t)
	for _, token := range []string{balancerToken, targetsToken} {
		out, err := w.engine.Check(t.Context(), plugin.CheckRequest{URN: urn(token, "a-name-of-twenty-five-char"), News: properties(m{})})
		require.NoError(t, err)
		require.Len(t, out.Failures, 1)
		require.Contains(t, out.Failures[0].Reason, "longer than maximum length 32")
	}
}

func TestATargetIsReplacedByWhateverChangesAndGoesWithItsInstance(t *testing.T) {
	w := newWorld(t)
	subnets, _, targets := w.balanced()
	i := w.create(instanceToken, properties(m{"ami": image, "instanceType": "sim.small", "subnetId": subnets[0]}))
	target := w.create(targetToken, properties(m{"targetGroupArn": string(targets.id), "targetId": string(i.id)}))
	require.True(t, w.diff(targetToken, target, properties(m{"targetGroupArn": string(targets.id), "targetId": "i-1"})).Replace())
	require.NoError(t, w.remove(instanceToken, i))
	require.Empty(t, w.read(targetToken, target.id, target.inputs, target.outputs).ID)
	require.NoError(t, w.remove(targetToken, target), "it is gone already")
}

func TestACertificateIsUsableWhenItsRecordIsThere(t *testing.T) {
	w := newWorld(t)
	c := w.create(certificateToken, properties(m{"domainName": "lab.example.org", "validationMethod": "DNS"}))
	option := c.outputs["domainValidationOptions"].ArrayValue()[0].ObjectValue()
	await := properties(m{"certificateArn": string(c.id)})
	_, err := w.engine.Create(t.Context(), plugin.CreateRequest{URN: urn(issuedToken, "it"), Properties: await})
	require.ErrorContains(t, err, "timeout while waiting for state to become 'ISSUED'")
	w.create("aws:route53/record:Record", properties(m{
		"zoneId": w.account.ZonesNamed("example.org")[0].ID, "name": option["resourceRecordName"].StringValue(), "type": "CNAME", "ttl": 60,
		"records": []any{option["resourceRecordValue"].StringValue()},
	}))
	issued := w.create(issuedToken, await)
	require.Equal(t, issued.id, w.read(issuedToken, issued.id, issued.inputs, issued.outputs).ID)
	shown := w.read(certificateToken, c.id, c.inputs, c.outputs)
	require.Equal(t, "ISSUED", shown.Outputs["status"].StringValue())
	require.NotContains(t, shown.Outputs, resource.PropertyKey("issued"), "the key of what ACM issues is shown to nobody")
	require.NoError(t, w.remove(issuedToken, issued))
	require.NoError(t, w.remove(certificateToken, c))
	require.Empty(t, w.read(issuedToken, issued.id, issued.inputs, issued.outputs).ID)
}

func TestTheKeyOfAnImportedCertificateIsASecret(t *testing.T) {
	w := newWorld(t)
	in := properties(m{"certificateBody": "x"})
	in["privateKey"] = resource.MakeSecret(resource.NewProperty("y"))
	_, err := w.engine.Create(t.Context(), plugin.CreateRequest{URN: urn(certificateToken, "it"), Properties: in})
	require.ErrorContains(t, err, "ValidationException")
	require.NotContains(t, err.Error(), `"y"`)
}
