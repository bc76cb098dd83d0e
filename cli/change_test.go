package cli_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli"
)

func TestAWorkshopIsChangedFromATerminal(t *testing.T) {
	w, url := serve(t)
	ws, _ := w.Open(t, 2)
	out := must(t, url, "change", ws.Name, "--seats", "4", "--spares=1", "--minutes=45", "--idle=0", "--budget=7.5", "--previews", "--invite=ann@example.org,zoe@example.org", "--ends=2026-03-02T14:30")
	require.Regexp(t, ws.ID+` +`+ws.Name+` +gpu +4 +1 `, out)
	got, err := w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, []int{4, 1}, []int{got.Seats, got.Spares})
	require.Equal(t, []time.Duration{45 * time.Minute, 0}, []time.Duration{got.SessionLimit, got.IdleLimit})
	require.InDelta(t, 7.5, got.BudgetUSD, 0.001)
	require.True(t, got.Previews)
	require.Equal(t, "2026-03-02 14:30", got.EndsAt.In(time.Local).Format("2006-01-02 15:04"))

	must(t, url, "change", ws.ID, "--uninvite", "ann@example.org")
	roster, err := w.Store.Roster(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"zoe@example.org"}, roster)
	_, err = lablink(t, url, "change", ws.ID, "--uninvite", "zoe@example.org")
	require.ErrorContains(t, err, "Nobody would be invited any more")
	must(t, url, "change", ws.ID, "--everybody", "--no-previews")
	got, err = w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.False(t, got.Invited)
	require.False(t, got.Previews)
	require.Equal(t, 4, got.Seats, "what is not said stays")

	_, err = lablink(t, url, "change", ws.ID, "--ends", "soon")
	require.ErrorContains(t, err, "write it as 2026-03-01T14:30")
	require.Equal(t, 2, cli.ExitCode(err))
}

func TestAWorkshopIsNamedByItsNameWhileItIsOpen(t *testing.T) {
	w, url := serve(t)
	first, _ := w.Open(t, 1)
	require.Contains(t, must(t, url, "machines", "--workshop", first.Name), "INSTANCE")
	must(t, url, "end", first.Name)
	require.NotContains(t, must(t, url, "workshops"), first.ID)
	require.Contains(t, must(t, url, "workshops", "--all"), first.ID)
	_, err := lablink(t, url, "end", first.Name)
	require.Equal(t, 4, cli.ExitCode(err))
	require.ErrorContains(t, err, "`lablink workshops` lists those that are, with their ids")
	_, err = lablink(t, url, "end", "wks_x")
	require.ErrorContains(t, err, "look for it in the list of workshops")

	second, _ := w.Open(t, 1)
	third, _ := w.Open(t, 1)
	_, err = lablink(t, url, "end", first.Name)
	require.Equal(t, 5, cli.ExitCode(err))
	require.ErrorContains(t, err, second.ID)
	require.ErrorContains(t, err, third.ID)
}

func TestSeatsAndOperationsAreShownInATerminal(t *testing.T) {
	w, url := serve(t)
	ws := w.ReadyWorkshop(t, 1)
	held, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	waits, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "bob@example.org"}, "")
	require.NoError(t, err)
	for _, args := range [][]string{{"seats"}, {"seats", "--workshop", ws.Name}, {"seats", "list", "--workshop", ws.ID}} {
		out := must(t, url, args...)
		require.Regexp(t, held.Seat.ID+` +ann@example.org +assigned +`+held.Seat.MachineID, out)
		require.Regexp(t, waits.Seat.ID+` +bob@example.org +queued`, out)
	}
	require.Contains(t, must(t, url, "machines"), held.Seat.ID)
	require.Empty(t, must(t, url, "seats", "release", waits.Seat.ID))
	require.NotContains(t, must(t, url, "seats"), "bob@example.org")
	require.Contains(t, must(t, url, "export", ws.Name), "bob@example.org,released")
	require.Contains(t, must(t, url, "export", ws.ID, "--json"), `"because": "`)
	_, err = lablink(t, url, "export", "wks_x")
	require.Equal(t, 4, cli.ExitCode(err))
	m := w.Machines(t, ws)[0]
	use := func(use api.SessionUse) {
		_, err := w.Report(t.Context(), allocator.Agent{ID: m.AgentID, MachineID: m.ID}, api.Report{Protocol: api.Protocol, Health: api.Healthy, Use: &use})
		require.NoError(t, err)
	}
	use(api.SessionUse{Session: held.Seat.Session(), Seconds: 60})
	require.Regexp(t, `ann@example.org +1m0s +- +- +- +- +-\nmedian of 1 +1m0s +- +-`, must(t, url, "stats", ws.Name), "the pool names no software")
	w.Time = w.Time.Add(2 * time.Minute)
	use(api.SessionUse{
		Session: held.Seat.Session(), Seconds: 90, Software: []api.SoftwareUse{{Name: "blender", Seconds: 61, Active: new(40)}}, GPUPeak: new(uint32(7)),
	})
	require.Regexp(t, `ann@example.org +1m30s +blender 1m1s \(active 40s\) +- +7 % +- +-\nmedian of 1 +1m30s +1m1s \(active 40s\) +-`, must(t, url, "stats", ws.Name))
	require.Contains(t, must(t, url, "stats", ws.ID, "--json"), `"median_seconds": 90`)
	_, err = lablink(t, url, "stats", "wks_x")
	require.Equal(t, 4, cli.ExitCode(err))

	must(t, url, "change", ws.ID, "--seats", "2")
	out := must(t, url, "operations", "--workshop", ws.Name)
	found := regexp.MustCompile(`(op_\w+) +launch +queued +0 of 1`).FindStringSubmatch(out)
	require.NotNil(t, found, out)
	require.Contains(t, must(t, url, "operations", "cancel", found[1]), found[1])
}

func TestAnAllocatorThatIsNotThereIsSaidWithWhatToDo(t *testing.T) {
	_, err := lablink(t, "http://127.0.0.1:1", "workshops")
	g := cli.Globals{URL: "http://127.0.0.1:1"}
	require.ErrorContains(t, g.Explain(err), "nothing answers at http://127.0.0.1:1: ")
	require.ErrorContains(t, g.Explain(err), "Is it deployed (here: make up)")
	g.URL = "http://127.0.0.1:11"
	require.Equal(t, err, g.Explain(err), "somebody else did not answer")
	require.NoError(t, g.Explain(nil))
}
