package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli"
)

// logger is a machine with somebody on it, which logs.
type logger struct {
	*allocatortest.World
	machine allocator.Machine
	batches int64
}

func logging(t *testing.T, around ...func(http.Handler) http.Handler) (*logger, string) {
	t.Helper()
	w, url := serve(t, around...)
	ws := w.ReadyWorkshop(t, 1)
	_, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	return &logger{World: w, machine: w.Machines(t, ws)[0]}, url
}

// log adds a batch of lines, each "level source text".
func (l *logger) log(t *testing.T, at time.Time, lines ...string) {
	t.Helper()
	l.batches++
	b := api.LogBatch{Run: "run", Number: l.batches}
	for _, line := range lines {
		parts := strings.SplitN(line, " ", 3)
		b.Lines = append(b.Lines, api.LogLine{At: at, Level: parts[0], Source: parts[1], Text: parts[2]})
	}
	require.NoError(t, l.KeepLogs(context.WithoutCancel(t.Context()), allocator.Agent{ID: l.machine.AgentID, MachineID: l.machine.ID}, b))
}

func TestAMachinesLogIsReadWithFilters(t *testing.T) {
	l, url := logging(t)
	old := time.Now().Add(-time.Hour)
	l.log(t, old, "info agent it begins", "debug set-up + make all")
	l.log(t, time.Now(), "warn set-up slow mirror", "error session it ended")
	for want, args := range map[string][]string{
		"it begins|+ make all|slow mirror|it ended": {l.machine.ID},
		"slow mirror|it ended":                      {l.machine.ID, "--level", "warn"},
		"+ make all|slow mirror":                    {"Ann@example.org", "--source=set-up"},
		"it begins|it ended":                        {l.machine.ID, "--grep", "^it (be|en)"},
		"it ended":                                  {l.machine.ID, "-n", "1"},
		"slow mirror":                               {l.machine.ID, "--since", "10m", "--source=set-up"},
	} {
		var lines []api.LogLine
		require.NoError(t, json.Unmarshal([]byte(must(t, url, append([]string{"logs", "--json"}, args...)...)), &lines))
		var texts []string
		for _, line := range lines {
			texts = append(texts, line.Text)
		}
		require.Equal(t, want, strings.Join(texts, "|"), "%v", args)
	}
	out := must(t, url, "logs", l.machine.ID)
	require.Contains(t, out, old.In(time.Local).Format("2006-01-02T15:04:05.000")+"+05:30"+" info  agent: it begins\n")

	_, err := lablink(t, url, "logs", "mch_x")
	require.Equal(t, 4, cli.ExitCode(err))
	_, err = lablink(t, url, "logs", "bob@example.org")
	require.ErrorContains(t, err, "`lablink seats` lists who has one")
	require.Equal(t, 4, cli.ExitCode(err))
	_, err = lablink(t, url, "logs", l.machine.ID, "--grep", "(")
	require.ErrorContains(t, err, "That is no pattern")
	require.Equal(t, 2, cli.ExitCode(err))
	require.Equal(t, "[]\n", must(t, url, "logs", l.machine.ID, "--json", "--source", "x"))
}

// What a machine logs is printed as it comes, through an allocator that starts anew, until
// the machine has ended.
func TestAMachinesLogIsFollowedUntilItEnds(t *testing.T) {
	down := false
	l, url := logging(t, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if down {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	l.log(t, l.Time, "info agent first")
	var said bytes.Buffer
	looks := 0
	out, err := at(t, func(g *cli.Globals) {
		g.Err = &said
		g.Pause = func(context.Context) bool {
			looks++
			switch looks {
			case 2:
				l.log(t, l.Time, "info agent second", "debug agent not this")
				down = true
			case 4:
				down = false
			case 9:
				l.log(t, l.Time, "info agent third")
			case 10: // when it is asked whether the machine is there
				down = true
			case 11:
				down = false
			case 13:
				_, err := l.TerminateMachine(context.WithoutCancel(t.Context()), "admin", l.machine.ID)
				require.NoError(t, err)
				l.RunAll(t)
				l.EC2.Finish()
				require.NoError(t, l.Resume(t.Context()))
				l.RunAll(t)
				l.log(t, l.Time, "warn agent last")
			}
			return looks < 100
		}
	}, "--url", url, "--password", password, "logs", l.machine.ID, "-f", "--level", "info", "--json")
	require.NoError(t, err)
	var texts []string
	for line := range strings.Lines(out) { // a document for each line
		var one api.LogLine
		require.NoError(t, json.Unmarshal([]byte(line), &one))
		texts = append(texts, one.Text)
	}
	require.Equal(t, []string{"first", "second", "third", "last"}, texts)
	away := "lablink: the allocator does not answer now; it is asked again\n"
	require.Equal(t, away+away+"lablink: the machine has ended\n", said.String())
	require.Less(t, looks, 100)
}

func TestWhoStopsFollowingALogIsNotToldThatSomethingFailed(t *testing.T) {
	l, url := logging(t)
	l.log(t, l.Time, "info agent first")
	out, err := at(t, func(g *cli.Globals) {
		g.Pause = func(context.Context) bool { return false }
	}, "--url", url, "--password", password, "logs", l.machine.ID, "--follow")
	require.NoError(t, err)
	require.Contains(t, out, "first")
}
