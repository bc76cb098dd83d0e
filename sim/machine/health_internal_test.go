package machine

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestATargetChangesAfterAsManyChecksAsItsGroupSays(t *testing.T) {
	c := cloud.HealthCheck{HealthyThreshold: new(2), UnhealthyThreshold: new(3)}
	for checks, want := range map[string]bool{ // + good, - bad
		"": false, "-": false, "+": true, "--+": true, "+--": true, "+---": false, "+--+--": true,
		"+---+": false, "+---++": true, "+---+-+": false, "---+": false, "---++": true,
	} {
		h := &health{}
		for _, check := range checks {
			h.saw(check == '+', c)
		}
		require.Equal(t, want, h.healthy, "after %q", checks)
	}
}
