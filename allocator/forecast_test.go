package allocator_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// priced is what each machine costs an hour, on a list of AWS's.
type priced struct{}

func (priced) Hourly(_, kind string, spot bool) (allocator.Rate, bool) {
	r := allocator.Rate{USD: 1, From: "AWS's price list as of 2026-03-01"}
	if spot {
		r = allocator.Rate{USD: 0.25, From: "EC2's spot market as of 2026-03-01"}
	}
	return r, kind != "unknown"
}

// account is what the account may run.
type account struct {
	q   allocator.Quota
	err error
}

func (a account) Quota(_ context.Context, _ string, spot bool) (allocator.Quota, error) {
	if spot {
		a.q.Name = "G and VT, spot"
	}
	return a.q, a.err
}

// limit is what is said of one of an estimate's limits.
func limit(t *testing.T, e api.Estimate, of string) api.Limit {
	t.Helper()
	for _, l := range e.Limits {
		if l.Of == of {
			return l
		}
	}
	t.Fatalf("nothing is said of %s: %+v", of, e.Limits)
	return api.Limit{}
}

func TestAWorkshopIsEstimatedBeforeItIsOpened(t *testing.T) {
	w := allocatortest.New(t)
	w.Rates = priced{}
	w.Quotas = account{q: allocator.Quota{Name: "G and VT", Code: "L-DB2E81BA", VCPUs: 48, Used: 8, Each: 4}}
	begins, ends := w.Time.Add(2*time.Hour), w.Time.Add(4*time.Hour)
	n := api.NewWorkshop{Pool: "gpu", Seats: 8, Spares: 1, StartsAt: &begins, EndsAt: &ends}
	e, err := w.Estimate(t.Context(), n)
	require.NoError(t, err, "it needs no name yet")
	require.Equal(t, 9, e.Machines)
	require.InDelta(t, 9, *e.Hourly, 1e-9)
	require.InDelta(t, 2+1/3., *e.Hours, 1e-9, "twenty minutes before the begin they are launched")
	require.InDelta(t, 21, *e.Total, 1e-9)
	require.Equal(t, []string{"AWS's price list as of 2026-03-01"}, e.From)
	require.Equal(t, api.Enough, limit(t, e, "pool").State)
	require.Equal(t, api.Limit{Of: "quota", State: api.Enough, Detail: "AWS lets this account run 48 processors (vCPUs) in machines of the kind G and VT. 8 run now, and this needs 36."}, limit(t, e, "quota"))
	require.Len(t, e.Limits, 2, "there is no budget")
	all, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Empty(t, all)

	n.EndsAt = nil
	e, err = w.Estimate(t.Context(), n)
	require.NoError(t, err)
	require.Nil(t, e.Hours)
	require.Nil(t, e.Total)
	w.Pools[0].InstanceTypes = []string{"unknown"}
	n.BudgetUSD = 5
	e, err = w.Estimate(t.Context(), n)
	require.NoError(t, err)
	require.Nil(t, e.Hourly, "not free: nobody knows")
	require.Equal(t, api.Unknown, limit(t, e, "budget").State)
	for _, wrong := range []api.NewWorkshop{{Pool: "gpu"}, {Pool: "none", Seats: 1}, {Pool: "gpu", Seats: 1, StartsAt: &ends, EndsAt: &begins}} {
		_, err = w.Estimate(t.Context(), wrong)
		require.Equal(t, api.Invalid, api.CodeOf(err), "%+v", wrong)
	}
}

func TestWhatIsShortIsSaidWithTheNextStepAndForbidsNothing(t *testing.T) {
	w := allocatortest.New(t)
	w.Rates, w.Budget = priced{}, allocator.Budget{MonthlyUSD: 20}
	w.Quotas = account{q: allocator.Quota{Name: "G and VT", Code: "L-DB2E81BA", VCPUs: 16, Used: 8, Each: 4}}
	ends := w.Time.Add(10 * time.Hour)
	n := api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 3, EndsAt: &ends, BudgetUSD: 15}
	e, err := w.Estimate(t.Context(), n)
	require.NoError(t, err)
	require.Equal(t, api.Enough, limit(t, e, "pool").State)
	for of, says := range map[string]string{
		"quota":  "have AWS raise quota L-DB2E81BA to 20 at least",
		"month":  "$20.00 are left, which last for 6 h 40 min",
		"budget": "$15.00 lasts for 5 h 0 min of the 10 h 0 min",
	} {
		require.Equal(t, api.Short, limit(t, e, of).State)
		require.Contains(t, limit(t, e, of).Detail, says)
	}
	_, err = w.OpenWorkshop(t.Context(), "admin", n)
	require.NoError(t, err)

	w.Quotas = account{err: api.Problemf(api.Forbidden, "The quota is not known", "The role may not ask.")}
	n.Seats = 11
	e, err = w.Estimate(t.Context(), n)
	require.NoError(t, err)
	require.Contains(t, limit(t, e, "pool").Detail, "holds 10 machines at most, and this needs 11")
	require.Equal(t, api.Unknown, limit(t, e, "quota").State)
	require.Contains(t, limit(t, e, "quota").Detail, "The role may not ask.")
}

// Workshops that follow each other have the same machines of a pool's.
func TestOtherWorkshopsCountWhileTheyHaveMachines(t *testing.T) {
	w := allocatortest.New(t)
	at := func(hours int) *time.Time { return new(w.Time.Add(time.Duration(hours) * time.Hour)) }
	for _, times := range [][2]int{{5, 7}, {8, 10}} {
		_, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 6, StartsAt: at(times[0]), EndsAt: at(times[1])})
		require.NoError(t, err)
	}
	for _, c := range []struct {
		begins, ends int
		free         string
	}{{1, 3, "10 of its 10"}, {1, 6, "4 of its 10"}, {1, 9, "4 of its 10"}, {11, 12, "10 of its 10"}} {
		e, err := w.Estimate(t.Context(), api.NewWorkshop{Pool: "gpu", Seats: 4, StartsAt: at(c.begins), EndsAt: at(c.ends)})
		require.NoError(t, err)
		require.Contains(t, limit(t, e, "pool").Detail, c.free, "%+v", c)
	}
	e, err := w.Estimate(t.Context(), api.NewWorkshop{Pool: "gpu", Seats: 5, StartsAt: at(1)})
	require.NoError(t, err)
	require.Contains(t, limit(t, e, "pool").Detail, "other workshops have 6 of them at that time: 4 are left of the 5")
}

// What spot machines cost is what the spot market asks.
func TestTheMarketOfAPoolCounts(t *testing.T) {
	w := allocatortest.New(t)
	w.Rates, w.Pools[0].Market = priced{}, "spot"
	w.Quotas = account{q: allocator.Quota{VCPUs: 100, Each: 4}}
	e, err := w.Estimate(t.Context(), api.NewWorkshop{Pool: "gpu", Seats: 4})
	require.NoError(t, err)
	require.InDelta(t, 1, *e.Hourly, 1e-9)
	require.Contains(t, limit(t, e, "quota").Detail, "G and VT, spot")
}
