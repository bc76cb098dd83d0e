package program_test

import (
	"encoding/base64"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// balanced is a stack with one host behind load balancers.
func balanced(t *testing.T, stack string) *run {
	t.Helper()
	return stackOf(t, stack).set(map[string]string{
		"lablink:dns": `{"provider": "route53", "domain": "lab.example.org"}`, "lablink:tls": `{"mode": "acm"}`,
	}).fit(t)
}

// severalOf is a stack with two hosts.
func severalOf(t *testing.T, stack string) *run {
	t.Helper()
	r := balanced(t, stack)
	var allocator map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.config["lablink:allocator"]), &allocator))
	if allocator == nil {
		allocator = map[string]any{}
	}
	allocator["replicas"] = 2
	raw, err := json.Marshal(allocator)
	require.NoError(t, err)
	return r.set(map[string]string{"lablink:allocator": string(raw), "lablink:database": `{"engine": "postgres"}`}).fit(t)
}

// several is what a preview shows of a stack with two hosts.
func several(t *testing.T, stack string) *recording.Recording {
	t.Helper()
	return severalOf(t, stack).preview(t)
}

// shapes are what stacks look like that no file of this working copy describes.
func shapes(t *testing.T) map[string]*recording.Recording {
	t.Helper()
	return map[string]*recording.Recording{
		"test behind a balancer": balanced(t, "test").record(t), "prod behind a balancer": balanced(t, "prod").record(t),
		"test with two hosts": several(t, "test"), "prod with two hosts": several(t, "prod"),
	}
}

// userData is the script of a launch template.
func userData(t *testing.T, template recording.Record) string {
	t.Helper()
	script, err := base64.StdEncoding.DecodeString(template.Text("userData"))
	require.NoError(t, err)
	return string(script)
}

func TestBehindABalancerItsNamesAreWhatPeopleAndAgentsReach(t *testing.T) {
	for name, r := range shapes(t) {
		environment := r.Stack
		assert.Equal(t, "https://lab.example.org", r.Outputs["url"].Value, name)
		assert.Equal(t, "lablink-people-"+environment+"-1234567890.us-west-2.elb.amazonaws.com", r.Outputs["publicAddress"].Value, name)
		agents := "https://internal-lablink-agents-" + environment + "-1234567890.us-west-2.elb.amazonaws.com"
		assert.Equal(t, agents, r.Outputs["agentUrl"].Value, name)
		assert.Contains(t, userData(t, r.Named("pool-gpu-template")), "'--allocator-url' '"+agents+"'", name)
		assert.Contains(t, userData(t, r.Named("pool-gpu-template")), "'--tls-name' 'lab.example.org'", name)
		assert.Equal(t, r.Outputs["publicAddress"].Value, r.Named("dns-record").Text("aliases[0].name"), name)
		assert.Equal(t, true, r.Named("dns-record").Get("aliases[0].evaluateTargetHealth"), name)
		assert.Subset(t, r.Named("pool-gpu-template").DependsOn, []string{"balancer-agents-https", "balancer-agents-clients", "balancer-agents-hosts", "network-clients-out"}, name)
		got, err := deployed.Decode([]byte(r.Named("release-settings").Text("content")))
		require.NoError(t, err)
		seconds := map[string]int{"test": 24 * 3600, "prod": 365 * 24 * 3600}[environment]
		assert.Equal(t, deployed.TLS{Mode: "acm", Domain: "lab.example.org", HSTSSeconds: seconds}, got.TLS, name)
		assert.Equal(t, []any{[]string{"10.20.0.0/16"}, "X-Forwarded-For"}, []any{got.TrustedProxies, got.ClientAddressHeader}, name)
	}
}

func TestOneHostKeepsItsDataBehindABalancerAndSeveralShareADatabase(t *testing.T) {
	one := balanced(t, "prod").record(t)
	assert.Len(t, one.Of("aws:lb/targetGroupAttachment:TargetGroupAttachment"), 2, "one for people, one for agents")
	assert.NotEmpty(t, one.Named("host-data-attachment").Name)
	assert.Equal(t, "host-interface-id", one.Named("host-instance").Text("networkInterfaces[0].networkInterfaceId"), "it stays where it is")
	assert.Empty(t, one.Of(scalingGroup))

	two := several(t, "prod")
	assert.Empty(t, two.Of(instance))
	assert.Empty(t, two.Of(volume))
	assert.Empty(t, two.Of("aws:ec2/eip:Eip"))
	assert.Empty(t, two.Of(iface))
	group := two.Named("host-instances")
	assert.Equal(t, 2.0, group.Get("desiredCapacity"))
	assert.Equal(t, []any{"network-subnet-a-id", "network-subnet-b-id"}, group.Get("vpcZoneIdentifiers"))
	assert.Len(t, group.Get("targetGroupArns"), 2)
	assert.Subset(t, group.DependsOn, []string{"release-pointer", "admin-password", "host-permissions", "network-internet"})
}

func TestACertificateThatExistsIsUsedAsItIs(t *testing.T) {
	const arn = "arn:aws:acm:us-west-2:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
	r := balanced(t, "test").set(map[string]string{"lablink:tls": `{"mode": "acm", "certificateArn": "` + arn + `"}`}).record(t)
	assert.Empty(t, r.Of("aws:acm/certificate:Certificate"))
	assert.Equal(t, []any{arn, arn}, []any{r.Named("balancer-people-https").Get("certificateArn"), r.Named("balancer-agents-https").Get("certificateArn")})
	assert.Empty(t, r.Named("certificate-record").Name)
	requested := balanced(t, "test").record(t)
	assert.Equal(t, "Z0123456789", requested.Named("certificate-record").Text("zoneId"))
	assert.Equal(t, requested.Named("certificate-issued").Text("certificateArn"), requested.Named("balancer-people-https").Text("certificateArn"))
}

func TestLoadBalancersInProductionStay(t *testing.T) {
	for name, r := range shapes(t) {
		kept := r.Stack == "prod"
		for _, lb := range r.Of(loadBalancer) {
			assert.Equal(t, []any{kept, kept}, []any{lb.Protect, lb.Get("enableDeletionProtection")}, "%s of %s", lb.Name, name)
		}
		assert.Equal(t, kept, r.Named("dns-record").Protect, name)
	}
}

func TestAStackWithPostgresIsDeployed(t *testing.T) {
	for _, stack := range []string{"test", "prod", "local"} {
		for name, r := range map[string]*run{
			"one host": stackOf(t, stack).set(map[string]string{"lablink:database": `{"engine": "postgres"}`}), "several": severalOf(t, stack),
		} {
			recorded, err := r.do()
			require.NoError(t, err, "%s of %s", name, stack)
			require.NotEmpty(t, recorded.Of(dbInstance), "%s of %s", name, stack)
		}
	}
}

// Cloudflare stands before the load balancer, which serves with the certificate
// that Cloudflare sees, and agents trust that one.
func TestSeveralHostsBehindCloudflareServeWithItsCertificate(t *testing.T) {
	r := severalOf(t, "test").set(map[string]string{
		"lablink:dns": `{"provider": "cloudflare", "domain": "lab.example.org", "zoneId": "0123456789abcdef0123456789abcdef"}`,
		"lablink:tls": `{"mode": "cloudflare"}`, "cloudflare:apiToken": "token",
	})
	recorded, err := r.do(recording.Preview, recording.Secrets("cloudflare:apiToken"))
	require.NoError(t, err)
	imported := recorded.Named("certificate-acm")
	assert.True(t, imported.Secret("privateKey"))
	assert.Equal(t, recorded.Named("origin-key").Text("value"), imported.Text("privateKey"))
	assert.Contains(t, imported.Text("certificateBody"), "BEGIN CERTIFICATE")
	assert.Empty(t, recorded.Of("aws:acm/certificateValidation:CertificateValidation"))
	record := recorded.Named("dns-record")
	assert.Equal(t, []any{"CNAME", recorded.Outputs["publicAddress"].Value, true}, []any{record.Get("type"), record.Get("content"), record.Get("proxied")})
	assert.Contains(t, userData(t, recorded.Named("pool-gpu-template")), "'--trust'")
	got, err := deployed.Decode([]byte(recorded.Named("release-settings").Text("content")))
	require.NoError(t, err)
	assert.Equal(t, deployed.TLS{Mode: "acm", Domain: "lab.example.org", HSTSSeconds: 24 * 3600}, got.TLS, "hosts hold no certificate")
	assert.Contains(t, got.TrustedProxies, "10.20.0.0/16")
	assert.Contains(t, got.TrustedProxies, "173.245.48.0/20", "the load balancer passes on what Cloudflare says")
}

// An agent that reaches no allocator has no page on which somebody would see it.
func TestBothLoadBalancersAreWatched(t *testing.T) {
	alarms := map[string]string{"lablink:alarms": `{"emails": ["lab@example.org"]}`}
	for name, r := range map[string]*recording.Recording{
		"one host": balanced(t, "prod").set(alarms).record(t), "two hosts": severalOf(t, "prod").set(alarms).preview(t),
	} {
		for alarm, who := range map[string]string{"watch-balancer-unhealthy": "people", "watch-agents-balancer-unhealthy": "agents"} {
			a := r.Named(alarm)
			assert.Equal(t, "app/lablink-"+who+"-prod/0123456789abcdef", a.Text("dimensions.LoadBalancer"), "%s: %s", name, alarm)
			assert.Equal(t, "targetgroup/lablink-"+who+"-hosts-prod/0123456789abcdef", a.Text("dimensions.TargetGroup"), "%s: %s", name, alarm)
			assert.Contains(t, a.Get("alarmActions"), "arn:aws:recorded:us-west-2:123456789012:watch-topic", "%s: %s", name, alarm)
		}
	}
}
