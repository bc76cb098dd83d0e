package allocator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// A launch that EC2 accepts may end before its machine boots.
func TestAnInstanceThatEC2EndsSaysWhyWhereItIsKnown(t *testing.T) {
	for ended, want := range map[string]string{"its key is disabled": "its key is disabled", "": "it was ended outside LabLink"} {
		w := newWorld(t)
		ws, _ := w.Open(t, 1)
		w.RunAll(t)
		w.EC2.All[0].State, w.EC2.All[0].Ended = allocator.InstanceGone, ended
		require.NoError(t, w.Observe(t.Context()))
		m := w.Machines(t, ws)[0]
		require.Equal(t, []any{allocator.Terminated, want}, []any{m.State, m.Reason})
		ws, err := w.Store.Workshop(t.Context(), ws.ID)
		require.NoError(t, err)
		require.Equal(t, "A machine was launched and did not become ready: "+want+".", ws.Trouble)
	}
}
