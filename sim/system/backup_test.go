package system

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// onHost is the environment of what runs on the allocator's host.
func (l *local) onHost(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", l.serving(t)[0]))
	require.NoError(t, err)
	return strings.Split(strings.TrimRight(string(raw), "\x00"), "\x00")
}

// enter runs what docs/operations.md tells to type on the host.
func enter(t *testing.T, env []string, script string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-ec", "cd $LABLINK_ROOT/var/lib/lablink\nallocator=$LABLINK_ROOT/opt/lablink/current/lablink-allocator\n"+script)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// goBack restores a backup, and waits until the allocator serves again.
func (l *local) goBack(t *testing.T, env []string, file string) (kept string) {
	t.Helper()
	const units = " lablink-update.timer lablink-allocator.socket lablink-allocator.service"
	said := enter(t, env, "systemctl stop"+units+"\n$allocator restore "+file+"\nsystemctl start"+units)
	l.answers(t)
	_, kept, _ = strings.Cut(said, "is kept as ")
	kept, _, _ = strings.Cut(kept, ";")
	require.NotEmpty(t, kept, said)
	return kept
}

// goesBackAndForth goes back to a backup of before a workshop was opened and a seat was
// given up, with the agents of both workshops up, and then to what was there before that.
// Nobody is stranded, and no instance is lost.
func (l *local) goesBackAndForth(t *testing.T, account *control.Client, person *api.Client, seat api.Seat) {
	t.Helper()
	env := l.onHost(t)
	require.Contains(t, enter(t, env, "$allocator backup then.db"), "holds workshops, seats")
	admin := l.admin(t)
	more := l.open(t, admin, 1)
	l.await(t, admin, more, 1)
	require.NoError(t, person.Do(t.Context(), http.MethodDelete, "/api/v1/seats/current", nil, nil))
	require.Equal(t, 2, running(t, account))

	now := l.goBack(t, env, "then.db")
	admin = l.admin(t) // staff logs in again
	var is api.Seat
	require.NoError(t, person.Do(t.Context(), http.MethodGet, "/api/v1/seats/current", nil, &is))
	require.Equal(t, []string{seat.ID, seat.Machine}, []string{is.ID, is.Machine})
	l.hasASession(t, person)
	eventually(t, "it is told that it was gone back to a backup", func() bool {
		var told api.Page[api.Event]
		require.NoError(t, admin.Do(t.Context(), http.MethodGet, "/api/v1/events?limit=100", nil, &told))
		return slices.ContainsFunc(told.Items, func(e api.Event) bool { return e.Action == "restore backup" })
	})
	machines := l.machines(t, admin)
	require.Len(t, machines, 1)
	require.Equal(t, 2, running(t, account))

	l.goBack(t, env, now)
	admin = l.admin(t)
	eventually(t, "all machines are there, and are heard of", func() bool {
		machines = l.machines(t, admin)
		return len(machines) == 2 && !slices.ContainsFunc(machines, func(m api.Machine) bool { return m.State != "ready" || !m.Connected })
	})
	require.Error(t, person.Do(t.Context(), http.MethodGet, "/api/v1/seats/current", nil, &is), "it was given up then")
	require.NoError(t, admin.Do(t.Context(), http.MethodDelete, "/api/v1/workshops/"+more.ID, nil, nil))
	eventually(t, "what it had has ended", func() bool { return running(t, account) == 1 })
}
