package web_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAnAgentAsksWhatItsMachineIsSetUpWithAndStaffSeesHowThatGoes(t *testing.T) {
	w := newWorld(t)
	course := allocator.Summed(api.Setup{Startup: api.Startup{Script: "echo \"$HOME\" '`x`'\n", OnError: api.Fail, MaxAttempts: 3}})
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	given, err := w.Register(t.Context(), allocatortest.Registration(m.InstanceID, "client-gpu", "signature"))
	require.NoError(t, err)
	b, at := w.browser(t), "/api/v1/agents/"+given.AgentID
	agent := []string{"Authorization", "Bearer secret of " + m.InstanceID}
	res, body := b.send(t, http.MethodGet, at+"/setup", nil, agent...)
	refused(t, api.NotFound, res, body)
	w.Pools[0].Setup = course
	res, body = b.send(t, http.MethodGet, at+"/setup", nil, agent...)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	said := decode[api.Setup](t, body)
	require.True(t, said.Run)
	require.Equal(t, course.Startup, said.Startup)

	report := bodies["report"].(api.Report)
	report.Setup = &api.SetupStatus{Sum: course.Sum, State: api.SetupRunning, Step: "startup", Attempt: 2, Of: 3, Note: "The first try did not succeed.", Line: "installing <blender>"}
	res, body = b.send(t, http.MethodPost, at+"/reports", report, agent...)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.Equal(t, course.Sum, decode[api.ReportAnswer](t, body).Setup)

	staff := w.staff(t)
	for _, page := range []string{"/admin/workshops/" + ws.ID, "/admin/machines/" + m.ID} {
		shown := bodyOf(t, staff, page)
		for _, want := range []string{"The first try did not succeed.", "installing &lt;blender&gt;", "it is being set up: the start-up script runs (try 2 of 3)"} {
			require.Contains(t, shown, want, page)
		}
	}
	require.NotContains(t, bodyOf(t, staff, "/admin/machines/"+m.ID), "GiB free", "nobody says")
	w.Agents.Connect(w.Machines(t, ws)...)
	w.Agents.Change(func() {
		w.Agents.Host = &api.Host{DiskFree: new(uint64(3 << 29)), DiskTotal: new(uint64(8 << 30)), Load: new(0.25), CPUs: 4}
	})
	require.Contains(t, bodyOf(t, staff, "/admin/machines/"+m.ID), "disk: 1.5 of 8.0 GiB free · load 0.2 on 4 processors")
	machines := decode[api.Page[api.Machine]](t, bodyOf(t, staff, "/api/v1/machines?workshop="+ws.ID))
	require.Equal(t, "booting", machines.Items[0].State)
	require.Equal(t, *report.Setup, *machines.Items[0].Setup)
}
