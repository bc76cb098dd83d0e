package cli_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli"
)

// dollar is what each machine costs an hour.
type dollar struct{}

func (dollar) Hourly(string, string, bool) (allocator.Rate, bool) {
	return allocator.Rate{USD: 1, From: "a table"}, true
}

func TestCostsAreToldByWorkshopAndByMonth(t *testing.T) {
	w, url := serve(t)
	w.Rates, w.Budget = dollar{}, allocator.Budget{MonthlyUSD: 20}
	w.Time = time.Date(2026, 3, 31, 20, 0, 0, 0, time.UTC)
	ws := w.ReadyWorkshop(t, 2)
	end := w.Time.Add(10 * time.Hour)
	_, err := w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{EndsAt: &end, BudgetUSD: new(50.0)})
	require.NoError(t, err)
	gone := w.ReadyWorkshop(t, 1)
	_, err = w.EndWorkshop(t.Context(), "admin", gone.ID)
	require.NoError(t, err)
	w.RunAll(t)
	w.EC2.Finish()
	require.NoError(t, w.Resume(t.Context()))
	w.RunAll(t)
	w.Time = w.Time.Add(8 * time.Hour)

	out := must(t, url, "cost", "--months", "2")
	require.Regexp(t, ws.ID+` +Pose +\$16\.\d\d +\$2\.00 +\$20\.\d\d +\$50\.00\n`, out)
	require.NotContains(t, out, gone.ID)
	require.Regexp(t, `all of these +\$16\.\d\d +\$2\.00 +\$20\.\d\d\n`, out)
	require.Regexp(t, `MONTH +ALL MACHINES +AT ITS END +BUDGET +NOTE\n2026-04 +\$8\.\d\d +\$12\.\d\d +\$20\.00\n2026-03 +\$8\.\d\d +\$8\.\d\d\n`, out)
	require.Contains(t, must(t, url, "cost", "--all"), gone.ID)

	var got struct {
		Workshops []api.Cost
		Total     struct {
			SoFar float64 `json:"so_far_usd"`
		}
		Budget *api.Budget
		Months []api.MonthCost
	}
	require.NoError(t, json.Unmarshal([]byte(must(t, url, "cost", "--json")), &got))
	require.InDelta(t, 16, got.Total.SoFar, 0.2)
	require.Equal(t, ws.ID, got.Workshops[0].Workshop)
	require.Equal(t, "2026-04", got.Budget.Month)
	require.Len(t, got.Months, 1)

	out = must(t, url, "cost", "--workshop", gone.ID)
	require.Contains(t, out, gone.ID)
	require.NotContains(t, out, "MONTH")
	_, err = lablink(t, url, "cost", "--workshop", "wks_x")
	require.Equal(t, 4, cli.ExitCode(err))
}

func TestAMachineThatCostsMoreThanItMayIsWarnedOfInTheList(t *testing.T) {
	w, url := serve(t)
	w.Rates, w.Pools[0].MaxHourlyUSD = dollar{}, 1
	w.ReadyWorkshop(t, 1)
	require.Regexp(t, `gpu +1 of 10 +g5.xlarge +\$1\.000\n`, must(t, url, "pools"))
	require.NotContains(t, must(t, url, "machines"), "may cost")
	w.Pools[0].MaxHourlyUSD = 0.5
	require.Contains(t, must(t, url, "machines"), "its agent reports that it is healthy. It costs $1.000 an hour, and a machine of pool gpu may cost $0.500.")
	require.Regexp(t, `gpu +1 of 10 +g5.xlarge +\$0\.500 +A machine of pool gpu may cost \$0\.500 an hour`, must(t, url, "pools"))
	require.Regexp(t, `cost of one machine +NOT ENOUGH`, must(t, url, "launch", "Pose", "--machines", "1", "--estimate"))
}
