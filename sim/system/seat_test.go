package system

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// seesItsGPU waits until a person is told of the GPU of the machine whose seat
// they hold: by the machine itself, through its tunnel.
func (l *local) seesItsGPU(t *testing.T, person *api.Client) {
	t.Helper()
	require.NoError(t, person.WatchSeat(t.Context(), func(live api.Live) bool {
		if !live.Reachable {
			t.Log("not yet:", live.Detail)
			return true
		}
		require.NotEmpty(t, live.Status.Readings)
		return false
	}))
}
