package boot

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/metrics"
)

func TestMetricsAreOnLoopbackOfEveryMachine(t *testing.T) {
	t.Setenv("LABLINK_SKIP", "")
	require.Equal(t, "127.0.0.1:9478", metricsAt())
	require.NoError(t, metrics.Address(metricsAt()))
	t.Setenv("LABLINK_SKIP", "user")
	require.Equal(t, "127.0.0.1:0", metricsAt(), "simulated machines share a loopback")
	require.NoError(t, metrics.Address(metricsAt()))
}
