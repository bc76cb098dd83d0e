package program_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// A preview that waits for a new rule's id would say that the host is replaced.
func TestAnotherRangeChangesNothingButRulesInAPreview(t *testing.T) {
	r := stackOf(t, "test")
	before, err := r.do(recording.Preview)
	require.NoError(t, err)
	r.set(map[string]string{"lablink:network": `{"allowedCidrs": ["0.0.0.0/0", "192.0.2.0/24"]}`})
	r.account.Planned = []string{"network-people-80-192.0.2.0-24", "network-people-443-192.0.2.0-24"}
	after, err := r.do(recording.Preview)
	require.NoError(t, err)
	assert.Subset(t, after.Names(), r.account.Planned)
	for _, record := range after.Records {
		if slices.Contains(r.account.Planned, record.Name) || record.Name == "admin-password" { // another one is made up and ignored
			continue
		}
		assert.Equal(t, before.Named(record.Name).Inputs, record.Inputs, record.Name)
	}
}

func TestMachinesStartWhenTheNetworkLeadsSomewhere(t *testing.T) {
	recorded := stackOf(t, "test").record(t)
	for _, user := range []string{"host-instance", "pool-gpu-template"} {
		for _, part := range []string{"network-internet", "network-s3", "network-subnet-a-routes", "network-agents", "network-clients-out", "network-people-443-0.0.0.0-0"} {
			assert.Contains(t, recorded.Named(user).DependsOn, part, user)
		}
	}
}
