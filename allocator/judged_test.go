package allocator_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// hooked is a store that lets something happen after machines were listed.
type hooked struct {
	allocator.Store
	listed func()
}

func (h hooked) Machines(ctx context.Context, workshop string, ended bool) ([]allocator.Machine, error) {
	all, err := h.Store.Machines(ctx, workshop, ended)
	if h.listed != nil {
		h.listed()
	}
	return all, err
}

func TestAMachineThatIsGivenToSomebodyWhileItIsJudgedIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	w.Time = w.Time.Add(21 * time.Minute) // so that it would be unhealthy
	store := w.Store
	w.Through(hooked{store, func() {
		w.Through(store)
		w.Boot(t, m)
		_, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
		require.NoError(t, err)
	}})
	require.NoError(t, w.Observe(t.Context()))
	m = w.Machines(t, ws)[0]
	require.Equal(t, allocator.Assigned, m.State, m.Reason)
	require.Equal(t, "ann@example.org", m.Email)
}

func TestAReportIsComparedWithWhatTheStoreHolds(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	_, a := w.Boot(t, w.Machines(t, ws)[0])
	require.NoError(t, w.Store.SetHealth(t.Context(), a.MachineID, api.Unhealthy, "somebody else wrote", w.Time))
	_, err := w.Report(t.Context(), a, api.Report{Health: api.Healthy})
	require.NoError(t, err)
	require.Equal(t, allocator.Ready, w.Machines(t, ws)[0].State)
}
