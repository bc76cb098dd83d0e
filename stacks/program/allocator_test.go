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
		"lablink:pools": `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-00000001"}, "maxMachines": 40},
			{"name": "big", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-00000001"}, "maxMachines": 2}]`,
	}).fit(t).record(t)
	got, err := deployed.Decode([]byte(r.Named("release-settings").Text("content")))
	require.NoError(t, err)
	subnets := []string{"network-subnet-0-id", "network-subnet-1-id"}
	assert.Equal(t, deployed.Settings{
		Deployment: deployment, Environment: "prod", Region: "us-west-2", AccountID: "123456789012", Audience: got.Audience,
		AdminPasswordParameter: r.Named("admin-password").Text("name"),
		TLS:                    deployed.TLS{Mode: "acme", Domain: "lab.example.org", Email: "lab@example.org"},
		Database:               deployed.Database{Engine: deployed.SQLite},
		Pools: []deployed.Pool{
			{Name: "gpu", LaunchTemplateID: "pool-gpu-template-id", InstanceTypes: []string{"g5.xlarge"}, SubnetIDs: subnets, MaxMachines: 40, Role: r.Named("pool-gpu-role").Text("name")},
			{Name: "big", LaunchTemplateID: "pool-big-template-id", InstanceTypes: []string{"g5.xlarge"}, SubnetIDs: subnets, MaxMachines: 2, Role: r.Named("pool-big-role").Text("name")},
		},
	}, got)
	assert.NotEmpty(t, got.Audience)
}

func TestWithoutTLSTheAllocatorHasNoName(t *testing.T) {
	r := stackOf(t, "test").set(map[string]string{"lablink:tls": `{"mode": "none"}`}).record(t)
	got, err := deployed.Decode([]byte(r.Named("release-settings").Text("content")))
	require.NoError(t, err)
	assert.Equal(t, deployed.TLS{Mode: "none"}, got.TLS)
}
