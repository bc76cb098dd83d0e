package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli"
)

const password = "a very good password"

var deployed = strings.Repeat("a", 64)

// serve runs an allocator, behind what stands around it.
func serve(t *testing.T, around ...func(http.Handler) http.Handler) (*allocatortest.World, string) {
	t.Helper()
	w := allocatortest.New(t)
	guard := access.New(w.Store, w.Now)
	require.NoError(t, guard.Ensure(t.Context(), password))
	handler, err := web.New(t.Context(), web.Config{
		Service: w.Service, Guard: guard, Sessions: w.Store.(*sqlstore.Store), Version: "v1", Release: deployed, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	for _, a := range around {
		handler = a(handler)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return w, server.URL
}

// lablink runs the command line.
func lablink(t *testing.T, url string, args ...string) (string, error) {
	t.Helper()
	return at(t, func(*cli.Globals) {}, append([]string{"--url", url, "--password", password}, args...)...)
}

// at runs the command line somewhere that is made ready first.
func at(t *testing.T, ready func(*cli.Globals), args ...string) (string, error) {
	t.Helper()
	var c cli.Commands
	var out bytes.Buffer
	c.Out = &out
	parser, err := kong.New(&c, kong.Bind(&c.Globals), kong.BindTo(t.Context(), (*context.Context)(nil)))
	require.NoError(t, err)
	command, err := parser.Parse(args)
	require.NoError(t, err)
	ready(&c.Globals)
	err = command.Run(&c.Globals)
	return out.String(), err
}

func TestAWorkshopIsRunFromATerminal(t *testing.T) {
	w, url := serve(t)
	out := must(t, url, "launch", "Pose tracking", "--pool", "gpu", "--machines", "2")
	require.Contains(t, out, url+"/join/")
	w.RunAll(t)
	out = must(t, url, "workshops")
	require.Contains(t, out, "Pose tracking")
	var machines []api.Machine
	require.NoError(t, json.Unmarshal([]byte(must(t, url, "machines", "--json")), &machines))
	require.Len(t, machines, 2)
	require.Contains(t, must(t, url, "machines"), machines[0].Instance)
	require.Contains(t, must(t, url, "terminate", machines[0].ID), "op_")
	require.Contains(t, must(t, url, "end", machines[0].Workshop), "op_")
	_, err := lablink(t, url, "end", machines[0].Workshop)
	require.Equal(t, 5, cli.ExitCode(err))
}

func TestMachinesAndSeatsAreHelpedFromATerminal(t *testing.T) {
	w, url := serve(t)
	ws := w.ReadyWorkshop(t, 3)
	claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	out := must(t, url, "move", claimed.Seat.ID)
	require.Contains(t, out, "ann@example.org")
	require.NotContains(t, out, claimed.Seat.MachineID)
	require.Empty(t, must(t, url, "tell", claimed.Seat.ID, "Lunch is at noon."))
	seat, err := w.SeatOf(t.Context(), claimed.Token)
	require.NoError(t, err)
	require.Equal(t, "Lunch is at noon.", seat.Message)
	require.Contains(t, must(t, url, "reboot", claimed.Seat.MachineID), "op_")
	require.Contains(t, must(t, url, "replace", seat.MachineID), seat.MachineID)
	for _, m := range w.Machines(t, ws) {
		if m.State == allocator.Ready {
			require.Contains(t, must(t, url, "drain", m.ID), "op_")
		}
	}
	_, err = lablink(t, url, "reboot", "mch_unknown")
	require.Error(t, err)
}

func must(t *testing.T, url string, args ...string) string {
	t.Helper()
	out, err := lablink(t, url, args...)
	require.NoError(t, err)
	return out
}

func TestStatusAndVerifySayWhatRuns(t *testing.T) {
	_, url := serve(t)
	require.Contains(t, must(t, url, "status"), deployed)
	require.Contains(t, must(t, url, "verify", "--release", deployed), "release aaaaaaaaaaaa (v1) runs")
	_, err := lablink(t, url, "verify", "--release", strings.Repeat("b", 64))
	require.ErrorContains(t, err, "release aaaaaaaaaaaa (v1) runs, not bbbbbbbbbbbb")
	require.Equal(t, 1, cli.ExitCode(err))
	_, err = lablink(t, "", "status")
	require.ErrorContains(t, err, "give --url or set LABLINK_URL")
}

func TestAWrongPasswordAndAnAllocatorThatIsAwayHaveExitCodesOfTheirOwn(t *testing.T) {
	_, url := serve(t)
	_, err := lablink(t, url, "--password", "wrong", "workshops")
	require.Equal(t, 3, cli.ExitCode(err))
	_, err = lablink(t, "http://127.0.0.1:1", "status")
	require.Equal(t, 8, cli.ExitCode(err))
	require.Equal(t, 0, cli.ExitCode(nil))
}

// A token stands in the place of name and password, also of wrong ones.
func TestATokenIsShownInThePlaceOfAPassword(t *testing.T) {
	w, url := serve(t)
	admin := access.Person{Name: "admin", Role: allocator.Admin}
	user, err := w.Store.User(t.Context(), "admin")
	require.NoError(t, err)
	admin.Key = user.Key
	_, secret, err := access.New(w.Store, w.Now).NewToken(t.Context(), admin, api.NewToken{Name: "ci", Role: "viewer"})
	require.NoError(t, err)
	t.Setenv("LABLINK_TOKEN", secret)
	out, err := lablink(t, url, "--password", "wrong", "workshops")
	require.NoError(t, err)
	require.Contains(t, out, "LINK")
	_, err = lablink(t, url, "launch", "Pose", "--pool", "gpu", "--machines", "1")
	require.Equal(t, 3, cli.ExitCode(err))
	require.ErrorContains(t, err, "The token ci is for a viewer")
	_, err = lablink(t, url, "--token", secret+"x", "workshops")
	require.Equal(t, 3, cli.ExitCode(err))
	require.ErrorContains(t, err, "It has ended or was revoked")
}

func TestWithoutAnAddressThereIsNoAllocatorToAsk(t *testing.T) {
	for _, args := range [][]string{{"status"}, {"workshops"}, {"verify", "--release", deployed}} {
		_, err := lablink(t, "", args...)
		require.ErrorContains(t, err, "LABLINK_URL", "%v", args)
		require.Equal(t, 2, cli.ExitCode(err))
	}
}

func TestProtectionIsNotLiftedByTheNameOfAnotherStack(t *testing.T) {
	for _, confirm := range []string{"", "test", "Prod"} {
		_, err := lablink(t, "", "unprotect", "--stack", "prod", "--confirm", confirm)
		require.ErrorContains(t, err, "--confirm prod")
		require.Equal(t, 2, cli.ExitCode(err))
	}
}
