package program_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// What the stack writes is what the allocator reads, by the allocator's own
// reader, and names what the stack declares.
func TestTheAllocatorIsToldWhatTheStackDecided(t *testing.T) {
	r := stackOf(t, "prod").set(map[string]string{
		"lablink:dns": `{"provider": "route53", "domain": "lab.example.org"}`, "lablink:tls": `{"email": "lab@example.org"}`,
		"lablink:sessions": `{"maxMinutes": 120, "idleMinutes": 30}`,
		"lablink:pools": `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-00000001"}, "market": "spot-then-on-demand", "maxMachines": 40, "collect": ["results/**"],
			"desktop": "vnc", "repository": "https://example.org/course", "software": ["blender"], "startup": {"script": "echo \"$HOME\"", "onError": "fail", "maxAttempts": 2, "baseDelaySeconds": 0, "successCheck": "true", "runAs": "root"}},
			{"name": "big", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-00000001"}, "maxMachines": 2}]`,
	}).fit(t).record(t)
	got, err := deployed.Decode([]byte(r.Named("release-settings").Text("content")))
	require.NoError(t, err)
	subnets := []string{"network-subnet-a-id", "network-subnet-b-id"}
	assert.Equal(t, deployed.Settings{
		Deployment: deployment, Environment: "prod", Region: "us-west-2", AccountID: "123456789012", Audience: got.Audience,
		AdminPasswordParameter: r.Named("admin-password").Text("name"),
		TLS:                    deployed.TLS{Mode: "acme", Domain: "lab.example.org", Email: "lab@example.org", HSTSSeconds: 31_536_000},
		Database:               deployed.Database{Engine: deployed.SQLite},
		Sessions:               deployed.Sessions{MaxMinutes: 120, IdleMinutes: 30, WarnMinutes: 5},
		WorkBucket:             "lablink-artifacts-prod-123456789012-us-west-2",
		Pools: []deployed.Pool{
			{Name: "gpu", Collect: []string{"results/**"}, LaunchTemplateID: "pool-gpu-template-id", InstanceTypes: []string{"g5.xlarge"}, SubnetIDs: subnets, SubnetZones: []string{"us-west-2a", "us-west-2b"}, Market: "spot-then-on-demand", MaxMachines: 40, RootVolumeGiB: 100, Role: r.Named("pool-gpu-role").Text("name"),
				Desktop: "vnc", Repository: "https://example.org/course", Software: []string{"blender"},
				Startup: deployed.Startup{Script: `echo "$HOME"`, OnError: "fail", MaxAttempts: 2, SuccessCheck: "true", RunAs: "root"}},
			{Name: "big", LaunchTemplateID: "pool-big-template-id", InstanceTypes: []string{"g5.xlarge"}, SubnetIDs: subnets, SubnetZones: []string{"us-west-2a", "us-west-2b"}, Market: "on-demand", MaxMachines: 2, RootVolumeGiB: 100, Role: r.Named("pool-big-role").Text("name"), Startup: deployed.Startup{OnError: "continue", MaxAttempts: 3, BaseDelaySeconds: 30, RunAs: "session"}},
		},
	}, got)
	assert.NotEmpty(t, got.Audience)
}

// A browser that was told to come over TLS only cannot be told otherwise later.
func TestBrowsersAreHeldToTLSForAsLongAsTheNameIsSure(t *testing.T) {
	for why, c := range map[string]struct {
		stack, tls string
		seconds    int
	}{
		"production":                       {"prod", `{"email": "lab@example.org"}`, 365 * 24 * 3600},
		"an environment to try changes in": {"test", `{"email": "lab@example.org"}`, 24 * 3600},
		"a certificate that nobody trusts": {"test", `{"email": "lab@example.org", "staging": true}`, 0},
		"no certificate":                   {"test", `{"mode": "none"}`, 0},
	} {
		r := stackOf(t, c.stack).set(map[string]string{"lablink:dns": `{"provider": "route53", "domain": "lab.example.org"}`, "lablink:tls": c.tls}).fit(t).record(t)
		got, err := deployed.Decode([]byte(r.Named("release-settings").Text("content")))
		require.NoError(t, err)
		assert.Equal(t, c.seconds, got.TLS.HSTSSeconds, why)
	}
}

// On a network that is closed, a record proves whose the name is.
func TestWhereTheNetworkIsNarrowedTheHostAnswersInItsZone(t *testing.T) {
	r := stackOf(t, "test").set(map[string]string{
		"lablink:network": `{"allowedCidrs": ["192.0.2.0/24"]}`,
		"lablink:dns":     `{"provider": "route53", "domain": "lab.example.org"}`,
		"lablink:tls":     `{"email": "lab@example.org", "challenge": "dns"}`,
	}).record(t)
	got, err := deployed.Decode([]byte(r.Named("release-settings").Text("content")))
	require.NoError(t, err)
	zone := r.Named("dns-record").Text("zoneId")
	require.NotEmpty(t, zone)
	assert.Equal(t, zone, got.TLS.ZoneID)
	assert.Contains(t, r.Named("host-permissions").Text("policy"), "arn:aws:route53:::hostedzone/"+zone)
	assert.Contains(t, r.Named("host-permissions").Text("policy"), `"_acme-challenge.lab.example.org"`)

	byHand := stackOf(t, "test").set(map[string]string{
		"lablink:dns": `{"provider": "route53", "domain": "lab.example.org", "manage": false}`,
		"lablink:tls": `{"email": "lab@example.org", "challenge": "dns"}`,
	}).record(t)
	got, err = deployed.Decode([]byte(byHand.Named("release-settings").Text("content")))
	require.NoError(t, err)
	assert.Equal(t, zone, got.TLS.ZoneID, "also where the address is set by hand")

	open := stackOf(t, "test").record(t)
	assert.NotContains(t, open.Named("host-permissions").Text("policy"), "route53", "where ports answer, no record is changed")
}

func TestWithoutTLSTheAllocatorHasNoName(t *testing.T) {
	r := stackOf(t, "test").set(map[string]string{"lablink:tls": `{"mode": "none"}`}).record(t)
	got, err := deployed.Decode([]byte(r.Named("release-settings").Text("content")))
	require.NoError(t, err)
	assert.Equal(t, deployed.TLS{Mode: "none"}, got.TLS)
}
