package web_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestStaffSeesWhatParticipantsDid(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	m, staff := w.Machines(t, ws)[0], w.staff(t)
	require.NotContains(t, bodyOf(t, staff, "/admin/workshops/"+ws.ID), "What was done")
	report := bodies["report"].(api.Report)
	report.Use = &api.SessionUse{Session: c.Seat.Session(), Seconds: 150}
	send := func() {
		t.Helper()
		res, body := w.browser(t).send(t, http.MethodPost, "/api/v1/agents/"+m.AgentID+"/reports", report, "Authorization", "Bearer secret of "+m.InstanceID)
		require.Equal(t, http.StatusOK, res.StatusCode, body)
	}
	send()
	page := bodyOf(t, staff, "/admin/workshops/"+ws.ID)
	require.Contains(t, page, "1 participant had a machine, for 2 minutes.")
	require.NotContains(t, page, "oftware", "the pool names none")
	w.Settled()
	w.Pools[0].Setup.Software = []string{"blender"}
	require.Contains(t, bodyOf(t, staff, "/admin/workshops/"+ws.ID), "0 ran the workshop")
	w.Pools[0].Setup.Software = nil // the settings named some when it ran
	w.Time = w.Time.Add(2 * time.Minute)

	report.Use = &api.SessionUse{
		Session: c.Seat.Session(), Seconds: 150, Software: []api.SoftwareUse{{Name: "blender", Seconds: 120, First: 10, Active: new(62)}}, GPUActive: new(61), GPUPeak: new(uint32(97)),
		GPUMemory: new(uint64(3 << 30)), LoadPeak: new(1.25),
	}
	send()

	page = bodyOf(t, staff, "/admin/workshops/"+ws.ID)
	for _, want := range []string{"What was done", "1 participant 1 ran the workshop", "blender 2 minutes (active 1 minute)", "Its window was the active one for 1 minute.", "1 minute", "97 %", "3.0 GiB"} {
		require.Contains(t, page, want)
	}
	stats := decode[api.Stats](t, bodyOf(t, staff, "/api/v1/workshops/"+ws.ID+"/stats"))
	require.Equal(t, []int{1, 1, 150, 120, 62, 61}, []int{stats.People, stats.Used, stats.MedianSeconds, stats.MedianSoftware, *stats.MedianActive, *stats.MedianGPU})
	export := decode[api.Export](t, bodyOf(t, staff, "/api/v1/workshops/"+ws.ID+"/export"))
	require.Equal(t, &stats.Seats[0], export.Seats[0].Use)
	require.Contains(t, bodyOf(t, staff, "/api/v1/workshops/"+ws.ID+"/export?format=csv"), ",150,blender=120,61,97,3221225472,,1.25,blender=62\n")
	res, body := staff.send(t, http.MethodGet, "/api/v1/workshops/wks_x/stats", nil)
	refused(t, api.NotFound, res, body)
}
