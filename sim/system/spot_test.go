package system

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// A participant works on a spot machine, AWS takes it back: within the two minutes
// that AWS gives, what they made is kept, they are told and at another machine. That
// one is rebooted by staff, and comes back.
func TestASpotMachineThatAWSTakesBackIsLeftInTime(t *testing.T) {
	l, account := upWith(t, "", "maxMachines: 10", "maxMachines: 10\n      market: spot")
	admin, person := l.admin(t), l.person(t)
	var w api.Workshop
	require.NoError(t, admin.Do(t.Context(), http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1}, &w))
	l.await(t, admin, w, 1)
	var seat api.Seat
	current := func() api.Seat {
		require.NoError(t, person.Do(t.Context(), http.MethodGet, "/api/v1/seats/current", nil, &seat))
		return seat
	}
	require.NoError(t, person.Do(t.Context(), http.MethodPost, "/api/v1/seats", api.Claim{Code: w.JoinCode, Email: "ann@example.org"}, &seat))
	first := seat.Machine
	l.hasASession(t, person)
	instance := l.machine(t, admin, first).Instance
	state, err := account.State(t.Context())
	require.NoError(t, err)
	results := filepath.Join(state.Dir, "instances", instance, "root/var/lib/lablink-home/results")
	require.NoError(t, os.MkdirAll(results, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(results, "poses.csv"), []byte("nose,1,2\n"), 0o600))

	require.NoError(t, account.Interrupt(t.Context(), instance))
	eventually(t, "she is at another machine", func() bool { s := current(); return s.Machine != "" && s.Machine != first })
	require.Contains(t, seat.Note, "AWS takes this spot machine back")
	require.Equal(t, "taken", seat.Lost)
	l.hasASession(t, person)
	var work api.Page[api.WorkFile]
	eventually(t, "her work is kept", func() bool {
		require.NoError(t, admin.Do(t.Context(), http.MethodGet, "/api/v1/workshops/"+w.ID+"/work", nil, &work))
		return len(work.Items) == 1
	})
	require.Equal(t, "ann@example.org", work.Items[0].Participant)
	require.Equal(t, "nose,1,2\n", download(t, state, work.Items[0].URL))
	eventually(t, "the machine has ended before AWS ended it", func() bool {
		m := l.machine(t, admin, first)
		return m.State == "terminating" || m.State == "terminated"
	})

	second := current().Machine
	require.NoError(t, person.Do(t.Context(), http.MethodDelete, "/api/v1/seats/current", nil, nil))
	eventually(t, "it is ready again", func() bool { return l.machine(t, admin, second).State == "ready" })
	require.NoError(t, admin.Do(t.Context(), http.MethodPost, "/api/v1/machines/"+second+"/reboot", nil, nil))
	eventually(t, "it has booted again", func() bool {
		var timeline api.Page[api.Change]
		require.NoError(t, admin.Do(t.Context(), http.MethodGet, "/api/v1/machines/"+second+"/timeline", nil, &timeline))
		last := timeline.Items[len(timeline.Items)-1]
		return last.From == "rebooting" && last.To == "ready" && strings.Contains(last.Reason, "it has booted again")
	})
	l.endAll(t, admin, account)
}

// hasASession waits until the machine that a person holds has their session.
func (l *local) hasASession(t *testing.T, person *api.Client) {
	t.Helper()
	require.NoError(t, person.WatchSeat(t.Context(), func(live api.Live) bool {
		return !live.Reachable || live.Starting != ""
	}))
}

// machine is one machine, also when it has ended.
func (l *local) machine(t *testing.T, admin *api.Client, id string) api.Machine {
	t.Helper()
	var page api.Page[api.Machine]
	require.NoError(t, admin.Do(t.Context(), http.MethodGet, "/api/v1/machines?ended=true", nil, &page))
	for _, m := range page.Items {
		if m.ID == id {
			return m
		}
	}
	require.Fail(t, "no such machine", id)
	return api.Machine{}
}

// download gets a file as somebody on the internet does: the name in its address means
// the simulator.
func download(t *testing.T, state control.State, address string) string {
	t.Helper()
	at, err := url.Parse(address)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, state.API+at.RequestURI(), nil)
	require.NoError(t, err)
	req.Host = at.Host
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, string(raw))
	return string(raw)
}
