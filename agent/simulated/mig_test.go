package simulated_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/simulated"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAGPUThatIsDividedListsItsInstances(t *testing.T) {
	_, m := simulate(t, "a100-migx2", "i-0abc", at(noon))
	status := m.Status()
	assert.Equal(t, api.Healthy, status.Health, status.Reason)
	require.Len(t, status.Inventory.GPUs, 2)
	seen := map[string]bool{}
	for i, g := range status.Inventory.GPUs {
		require.Len(t, g.Instances, 7)
		for _, part := range g.Instances {
			assert.False(t, seen[part.UUID], "each has a name of its own")
			seen[part.UUID] = true
			assert.Regexp(t, `^MIG-`, part.UUID)
			assert.Contains(t, part.Model, "MIG 1g.5gb")
			assert.EqualValues(t, 4864<<20, part.Memory)
		}
		assert.Nil(t, status.Readings[i].Utilisation, "it is told of the instances only")
		assert.NotNil(t, status.Readings[i].Programs)
	}
	_, whole := simulate(t, "a100", "i-0abc", at(noon))
	assert.Empty(t, whole.Status().Inventory.GPUs[0].Instances)
}

func TestAProgramComputesOnADividedGPUForAPartOfItsRhythm(t *testing.T) {
	clock, told := noon, map[int]int{}
	_, m := simulate(t, "a100-mig", "i-0abc", func() time.Time { return clock })
	for range 120 {
		told[*m.Status().Readings[0].Programs]++
		clock = clock.Add(5 * time.Second)
	}
	assert.Equal(t, map[int]int{0: 60, 1: 60}, told)
}

func TestSimulatedGPUsStayWellThroughTheirRhythm(t *testing.T) {
	for _, profile := range simulated.Names() {
		clock := noon
		_, m := simulate(t, profile, "i-0abc", func() time.Time { return clock })
		for range 150 { // more than their period
			status := m.Status()
			require.Equal(t, api.Healthy, status.Health, "%s: %s", profile, status.Reason)
			require.Empty(t, status.Note)
			clock = clock.Add(5 * time.Second)
		}
	}
}
