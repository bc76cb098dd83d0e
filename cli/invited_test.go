package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli"
)

func TestARosterIsReadFromAFile(t *testing.T) {
	w, url := serve(t)
	file := filepath.Join(t.TempDir(), "people.csv")
	require.NoError(t, os.WriteFile(file, []byte("Name;Mail\nAnn;ann@example.org\nBob;Bob <bob@example.org>\n"), 0o600))
	must(t, url, "launch", "Pose", "--machines", "2", "--roster", file, "--invite", "zoe@example.org")
	open, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	invited := func() []string {
		t.Helper()
		all, err := w.Store.Roster(t.Context(), open[0].ID)
		require.NoError(t, err)
		return all
	}
	require.Equal(t, []string{"ann@example.org", "bob@example.org", "zoe@example.org"}, invited())
	_, err = at(t, func(g *cli.Globals) { g.In = strings.NewReader("cleo@example.org\ndan@example.org\n") }, "--url", url, "--password", password, "change", "Pose", "--roster", "-")
	require.NoError(t, err)
	require.Equal(t, []string{"ann@example.org", "bob@example.org", "cleo@example.org", "dan@example.org", "zoe@example.org"}, invited())

	require.NoError(t, os.WriteFile(file, []byte("Name,Mail\nAnn,ann@example.org\nBob,bob(at)example.org\n"), 0o600))
	_, err = lablink(t, url, "launch", "Other", "--machines", "1", "--roster", file)
	require.ErrorContains(t, err, `people.csv, line 3: "bob(at)example.org"`)
	require.Equal(t, 2, cli.ExitCode(err))
	for name, bad := range map[string]string{"no addresses": "Name\nAnn\n", "too large": strings.Repeat("ann@example.org\n", 1<<17)} {
		require.NoError(t, os.WriteFile(file, []byte(bad), 0o600))
		_, err = lablink(t, url, "launch", "Other", "--machines", "1", "--roster", file)
		require.Equal(t, 2, cli.ExitCode(err), name)
	}
	_, err = lablink(t, url, "change", "Pose", "--roster", file+".not")
	require.ErrorContains(t, err, "read who is invited")
	open, err = w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Len(t, open, 1)
}

func TestWhatALaunchWouldCostIsToldAndNothingIsOpened(t *testing.T) {
	w, url := serve(t)
	day := time.Now().AddDate(0, 0, 2).Format("2006-01-02")
	w.Time = time.Now()
	out := must(t, url, "launch", "Pose", "--machines", "11", "--spares", "1", "--starts", day+"T09:00", "--ends", day+"T11:00", "--estimate")
	require.Regexp(t, `machines at once +12 at most`, out)
	require.Regexp(t, `in 2\.\d hours`, out)
	require.Regexp(t, `machines of the pool +NOT ENOUGH +.*holds 10 machines at most`, out)
	require.Regexp(t, `until its end +not known`, must(t, url, "launch", "Pose", "--machines", "1", "--estimate"))
	var e api.Estimate
	require.NoError(t, json.Unmarshal([]byte(must(t, url, "launch", "Pose", "--machines", "2", "--estimate", "--json")), &e))
	require.Equal(t, 2, e.Machines)
	_, err := lablink(t, url, "launch", "Pose", "--pool", "none", "--machines", "1", "--estimate")
	require.Equal(t, 2, cli.ExitCode(err))
	open, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Empty(t, open)
}

func TestAllInAWorkshopAreToldSomethingFromATerminal(t *testing.T) {
	w, url := serve(t)
	ws := w.ReadyWorkshop(t, 1)
	for _, who := range []string{"ann", "bob"} { // one of them waits
		_, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: who + "@example.org"}, "")
		require.NoError(t, err)
	}
	require.Equal(t, "TOLD\n2\n", must(t, url, "tell", "--all", ws.Name, "Lunch is at noon."))
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	for _, seat := range seats {
		require.Equal(t, "Lunch is at noon.", seat.Message)
	}
	require.JSONEq(t, `{"people": 2}`, must(t, url, "tell", "--all", "--json", ws.ID, ""))
	_, err = lablink(t, url, "tell", "--all", "wks_none", "Hello")
	require.Equal(t, 4, cli.ExitCode(err))
}

func TestWhatAWSRefusedIsToldWithThePools(t *testing.T) {
	w, url := serve(t)
	require.NotContains(t, must(t, url, "pools"), "REFUSED")
	require.NoError(t, w.Store.KeepRefused(t.Context(), []allocator.Refused{
		{Pool: "gpu", At: w.Time, Until: w.Time.Add(10 * time.Minute), Refusal: allocator.Refusal{Type: "g5.xlarge", Where: "us-west-2a", Spot: true, Why: "there are none"}},
		{Pool: "gpu", At: w.Time, Refusal: allocator.Refusal{Why: "the quota is used up"}},
	}))
	out := must(t, url, "pools")
	require.Regexp(t, `gpu +2026-03-01 14:30 IST +g5\.xlarge, spot +us-west-2a +2026-03-01 14:40 IST +there are none`, out)
	require.Regexp(t, `gpu +2026-03-01 14:30 IST +all +everywhere +at the next launch +the quota is used up`, out)
	var pools []api.Pool
	require.NoError(t, json.Unmarshal([]byte(must(t, url, "pools", "--json")), &pools))
	require.Len(t, pools[0].Refused, 2)
}
