package sqlstore

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

func TestWhichSeatsMayChangeIsReadFromTheTable(t *testing.T) {
	require.Equal(t, "state = 'queued'", maySeat(allocator.SeatAssigned))
	require.Equal(t, "state = 'assigned'", maySeat(allocator.SeatQueued))
	require.Equal(t, "state IN ('assigned', 'queued')", maySeat(allocator.SeatReleased))
}
