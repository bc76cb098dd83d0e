package program_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/provider"
)

// What is deployed to the simulator in tests is all that is deployed to AWS.
func TestTheSimulatorModelsAllThatIsRegistered(t *testing.T) {
	runs := map[string]*run{"with pipelines": withImages(t)}
	for _, stack := range stacks {
		runs[stack] = stackOf(t, stack)
	}
	for _, name := range templates(t) {
		runs[name] = templateOf(t, name)
	}
	types := map[string]bool{}
	for name, r := range runs {
		recorded, err := r.do(recording.Preview)
		require.NoError(t, err, name)
		for _, record := range recorded.Records {
			if !record.Custom {
				continue
			}
			types[record.Type] = true
			assert.Empty(t, provider.Unmodelled(record.Type, record.Inputs), "%s of %s", record.Name, name)
		}
		for _, token := range recorded.Calls {
			assert.False(t, provider.UnmodelledFunction(token), "%s of %s", token, name)
		}
	}
	assert.Greater(t, len(types), 40)
	assert.Equal(t, []string{"aws:ec2/instance:Instance.hibernation"},
		provider.Unmodelled("aws:ec2/instance:Instance", resource.NewPropertyMapFromMap(map[string]any{"hibernation": true})), "the test notices")
	assert.Equal(t, []string{"aws:sqs/queue:Queue"}, provider.Unmodelled("aws:sqs/queue:Queue", nil))
}
