package allocator_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// dollar is a price of a dollar an hour.
type dollar struct{}

func (dollar) Hourly(string, string, bool) (allocator.Rate, bool) {
	return allocator.Rate{USD: 1, From: "a table"}, true
}

// costing is a world in which each machine costs a dollar an hour, with a workshop of
// two of which ann holds one.
func costing(t *testing.T, budget allocator.Budget, own float64) (w *allocatortest.World, ws allocator.Workshop, ann string) {
	t.Helper()
	w = newWorld(t)
	w.Rates, w.Budget = dollar{}, budget
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2, BudgetUSD: own})
	require.NoError(t, err)
	w.RunAll(t)
	for _, m := range w.Machines(t, ws) {
		w.Boot(t, m)
	}
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	return w, ws, c.Token
}

// after lets time pass and the allocator look, and says how the workshop is.
func after(t *testing.T, w *allocatortest.World, ws allocator.Workshop, d time.Duration) allocator.Workshop {
	t.Helper()
	w.Time = w.Time.Add(d)
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	w.EC2.Finish()
	now, err := w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	return now
}

func TestABudgetThatIsUsedUpLaunchesNoMore(t *testing.T) {
	for name, c := range map[string]struct {
		budget allocator.Budget
		own    float64
		says   string
	}{
		"the deployment's": {allocator.Budget{MonthlyUSD: 10}, 0, "It counts anew on 1 April"},
		"the workshop's":   {allocator.Budget{}, 10, "this workshop may cost $10.00"},
	} {
		w, ws, _ := costing(t, c.budget, c.own)
		now := after(t, w, ws, 4*time.Hour+59*time.Minute)
		require.Empty(t, now.Trouble, name)
		w.EC2.Set(allocator.InstanceGone, w.Machines(t, ws)[1].InstanceID)
		w.Time = w.Time.Add(2 * time.Minute)
		require.NoError(t, w.Observe(t.Context()))
		now = after(t, w, ws, 0)
		require.Contains(t, now.Trouble, "The budget is used up: ", name)
		require.Contains(t, now.Trouble, c.says)
		require.Equal(t, 1, w.EC2.Alive(), "what runs goes on, and nothing is launched")
		require.Equal(t, 1, w.EC2.Alive())
		after(t, w, ws, time.Hour)
		require.Equal(t, 1, w.EC2.Alive())

		w.Budget.MonthlyUSD *= 10
		_, err := w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{BudgetUSD: new(10 * c.own)})
		require.NoError(t, err)
		now = after(t, w, ws, time.Minute)
		require.Empty(t, now.Trouble, "there is money again")
		require.True(t, now.CappedAt.IsZero())
		require.Equal(t, 2, w.EC2.Alive())
	}
}

func TestAHardCapEndsMachinesAfterAWarning(t *testing.T) {
	w, ws, ann := costing(t, allocator.Budget{MonthlyUSD: 10, HardCap: true}, 0)
	now := after(t, w, ws, 5*time.Hour)
	capped := now.CappedAt
	require.Equal(t, 1, w.EC2.Alive(), "what nobody holds ends at once")
	seat, err := w.SeatOf(t.Context(), ann)
	require.NoError(t, err)
	require.Equal(t, capped.Add(15*time.Minute), w.CapEnds(seat))
	after(t, w, ws, capped.Add(14*time.Minute+59*time.Second).Sub(w.Time))
	require.Equal(t, 1, w.EC2.Alive())
	w.Clock = func(context.Context) error { return errors.New("it jumped") }
	after(t, w, ws, time.Hour)
	require.Equal(t, 1, w.EC2.Alive(), "by that clock nothing ends")
	w.Clock = nil
	after(t, w, ws, 0)
	require.Zero(t, w.EC2.Alive())
	seat, err = w.SeatOf(t.Context(), ann)
	require.NoError(t, err)
	require.Equal(t, []any{allocator.SeatQueued, "the budget is used up"}, []any{seat.State, seat.Note})
	after(t, w, ws, time.Hour)
	require.Zero(t, w.EC2.Alive())

	after(t, w, ws, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC).Sub(w.Time))
	require.Equal(t, 2, w.EC2.Alive(), "another month")
}

func TestAMonthCostsWhatItsMachinesDidInIt(t *testing.T) {
	w, ws, _ := costing(t, allocator.Budget{MonthlyUSD: 1000}, 0)
	w.Time = time.Date(2026, 3, 31, 23, 0, 0, 0, time.UTC)
	_, err := w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	w.Time = w.Time.Add(2 * time.Hour) // EC2 took its time
	w.RunAll(t)
	w.EC2.Finish()
	after(t, w, ws, 0)
	require.NoError(t, w.Resume(t.Context()))
	w.RunAll(t)
	spent, err := w.SpentThisMonth(t.Context())
	require.NoError(t, err)
	require.InDelta(t, 2, spent.USD, 0.2, "an hour of each")
	require.False(t, spent.Warns())
	w.Budget.MonthlyUSD = 2.3
	spent, err = w.SpentThisMonth(t.Context())
	require.NoError(t, err)
	require.Equal(t, []bool{true, false}, []bool{spent.Warns(), spent.Over()})
}

func TestABudgetStaysUsedUpWhileTheClockCannotBeTrusted(t *testing.T) {
	w, ws, _ := costing(t, allocator.Budget{MonthlyUSD: 10}, 0)
	ws = after(t, w, ws, 6*time.Hour)
	require.NoError(t, w.Store.Postpone(t.Context(), ws, "", 0, time.Time{})) // as when a machine became ready
	w.EC2.Set(allocator.InstanceGone, w.Machines(t, ws)[1].InstanceID)
	require.NoError(t, w.Observe(t.Context()))
	w.Clock = func(context.Context) error { return errors.New("it jumped") }
	now := after(t, w, ws, 0)
	require.Equal(t, 1, w.EC2.Alive(), "nothing is launched")
	require.Contains(t, now.Trouble, "The budget is used up: ")
}

// free is a machine of a workshop that is ready.
func free(t *testing.T, w *allocatortest.World, ws allocator.Workshop) allocator.Machine {
	t.Helper()
	all := w.Machines(t, ws)
	i := slices.IndexFunc(all, func(m allocator.Machine) bool { return m.State == allocator.Ready })
	require.GreaterOrEqual(t, i, 0, "none is ready")
	return all[i]
}

func TestOnlyAHardCapKeepsMachinesFromPeople(t *testing.T) {
	for _, hard := range []bool{true, false} {
		w, ws, _ := costing(t, allocator.Budget{MonthlyUSD: 10, HardCap: hard}, 0)
		m := free(t, w, ws)
		require.NoError(t, w.Store.Move(t.Context(), m.ID, allocator.Ready, allocator.Draining, "work is collected", w.Time))
		after(t, w, ws, 5*time.Hour)
		bob, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "bob@example.org"}, "")
		require.NoError(t, err)
		require.NoError(t, w.Store.Move(t.Context(), m.ID, allocator.Draining, allocator.Ready, "work was collected", w.Time))
		seat, err := w.SeatOf(t.Context(), bob.Token)
		require.NoError(t, err)
		if !hard {
			require.Equal(t, []any{m.ID, ""}, []any{seat.MachineID, seat.Waits()})
			continue
		}
		require.Equal(t, allocator.SeatQueued, seat.State, "it would be taken away at the next look")
		require.Contains(t, seat.Waits(), "The workshop's budget is used up")
		require.Contains(t, w.Look(t.Context(), seat).Detail, "The workshop's budget is used up")
		waiting, err := w.Waiting(t.Context(), seat)
		require.NoError(t, err)
		require.Zero(t, waiting.ExpectedAt)

		w.Budget.HardCap = false // as after another deploy
		after(t, w, ws, 0)
		seat, err = w.SeatOf(t.Context(), bob.Token)
		require.NoError(t, err)
		require.Equal(t, []any{m.ID, ""}, []any{seat.MachineID, seat.Waits()})
	}
}
