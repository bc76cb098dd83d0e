package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// Ready opens a workshop whose machines are all ready. The secret of a machine's
// agent is the machine's id.
func Ready(t testing.TB, s allocator.Store, machines int) (allocator.Workshop, []allocator.Machine) {
	t.Helper()
	ws, all := newWorld(t, s).ready(t, machines)
	require.Len(t, all, machines)
	return ws, all
}
