package system

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// A desktop that ends more often than its unit may is started again all the same, for the same
// participant, and the machine's log tells of it.
func TestADesktopThatIsGivenUpIsStartedAgain(t *testing.T) {
	l, account := upWith(t, "")
	admin := l.admin(t)
	w := l.open(t, admin, 1)
	l.await(t, admin, w, 1)
	state, err := account.State(t.Context())
	require.NoError(t, err)
	units, err := filepath.Glob(filepath.Join(state.Dir, "instances/*/root/etc/systemd/system/lablink-session.service"))
	require.NoError(t, err)
	require.Len(t, units, 1)
	unit, err := os.ReadFile(units[0])
	require.NoError(t, err)
	soon := strings.Replace(string(unit), "StartLimitBurst=30", "StartLimitBurst=2", 1)
	require.NoError(t, os.WriteFile(units[0], []byte(soon), 0o644))

	person := l.person(t)
	var seat api.Seat
	require.NoError(t, person.Do(t.Context(), http.MethodPost, "/api/v1/seats", api.Claim{Code: w.JoinCode, Email: "ann@example.org"}, &seat))
	l.hasASession(t, person)
	told := func(text string) func() bool {
		return func() bool {
			return slices.ContainsFunc(logged(t, admin, seat.Machine), func(line api.LogLine) bool { return strings.Contains(line.Text, text) })
		}
	}
	for range 2 {
		server := l.desktop(t).server
		require.NoError(t, syscall.Kill(server, syscall.SIGKILL))
		eventually(t, "it has ended", func() bool { return !slices.Contains(l.processes(t, "Xtigervnc"), server) })
	}
	require.NoError(t, os.WriteFile(units[0], unit, 0o644))
	eventually(t, "it is told", told("the desktop ended too often, and was given up"))
	l.desktop(t)
	l.hasASession(t, person)
	l.endAll(t, admin, account)
}

// logged are the lines of a machine's log.
func logged(t *testing.T, admin *api.Client, machine string) []api.LogLine {
	t.Helper()
	var page api.LogPage
	require.NoError(t, admin.Do(t.Context(), http.MethodGet, "/api/v1/machines/"+machine+"/logs", nil, &page))
	return page.Lines
}
