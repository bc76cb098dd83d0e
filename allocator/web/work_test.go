package web_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestWorkIsKeptByItsAgentAndGivenToStaff(t *testing.T) {
	w := newWorld(t)
	w.Pools[0].Collect = []string{"results/**"}
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	agent, _ := w.Boot(t, m)
	w.Agents.Connect(m)
	b, staff := w.browser(t), w.staff(t)
	b.send(t, http.MethodPost, "/api/v1/seats", api.Claim{Code: ws.JoinCode, Email: "ann@example.org"})

	res, body := staff.send(t, http.MethodPost, "/api/v1/workshops/"+ws.ID+"/collect", nil)
	require.Equal(t, http.StatusAccepted, res.StatusCode, body)
	op := decode[api.Operation](t, body)
	require.Equal(t, "collect", op.Kind)
	places := "/api/v1/agents/" + agent.AgentID + "/uploads"
	ask := func(collection string) (*http.Response, string) {
		n := api.NewUploads{Collection: collection, Files: []api.NewFile{{Path: "results/a.csv", Bytes: 5}}}
		return w.browser(t).send(t, http.MethodPost, places, n, "Authorization", "Bearer "+agent.Secret)
	}
	res, body = ask(op.ID)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.Len(t, decode[api.Uploads](t, body).URLs, 1)
	res, body = ask("op_unknown")
	refused(t, api.NotFound, res, body)

	res, body = staff.send(t, http.MethodGet, "/api/v1/workshops/"+ws.ID+"/work", nil)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	files := decode[api.Page[api.WorkFile]](t, body).Items
	require.Len(t, files, 1)
	require.Equal(t, "ann@example.org", files[0].Participant)
	require.Contains(t, mustOpen(t, staff, "/admin/workshops/"+ws.ID+"/work"), "results/a.csv")

	w.Service.Work = nil
	res, body = ask(op.ID)
	refused(t, api.Conflict, res, body)
	require.Contains(t, mustOpen(t, staff, "/admin/workshops/"+ws.ID+"/work"), "Nothing is kept")
	res, body = staff.submit(t, "/admin/workshops/"+ws.ID+"/collect", nil)
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	res, _ = staff.submit(t, "/admin/workshops/wks_unknown/collect", nil)
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	res, _ = staff.open(t, "/admin/workshops/wks_unknown/work")
	require.Equal(t, http.StatusNotFound, res.StatusCode)
}
