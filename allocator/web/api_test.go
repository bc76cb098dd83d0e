package web_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestReadinessSaysWhatRunsAndWhatIsWrong(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	res, body := b.send(t, http.MethodGet, "/readyz", nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, api.Ready{Ready: true, Version: "v1", Release: strings.Repeat("a", 64), Checks: []api.Check{{Name: "database", OK: true}}}, decode[api.Ready](t, body))
	w.broken = errors.New("the disk is full")
	res, body = b.send(t, http.MethodGet, "/readyz", nil)
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.Equal(t, []api.Check{{Name: "database", Reason: "the disk is full"}}, decode[api.Ready](t, body).Checks)
	w.broken, w.rollout = nil, api.Rollout{Wanted: "b", Failed: &api.FailedRelease{Release: "b", Reason: "it hangs"}}
	res, body = b.send(t, http.MethodGet, "/readyz", nil)
	require.Equal(t, http.StatusOK, res.StatusCode, "it serves")
	require.Equal(t, w.rollout, decode[api.Ready](t, body).Rollout)
	w.broken = errors.New("the disk is full")
	ready, err := (&api.Client{URL: w.url}).Ready(t.Context())
	require.NoError(t, err)
	require.False(t, ready.Ready)
	res, _ = b.send(t, http.MethodGet, "/healthz", nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode)
}

func TestStaffOperationsNeedALogIn(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	for _, call := range [][2]string{
		{http.MethodGet, "/api/v1/pools"}, {http.MethodGet, "/api/v1/workshops"}, {http.MethodPost, "/api/v1/workshops"},
		{http.MethodDelete, "/api/v1/workshops/wks_x"}, {http.MethodGet, "/api/v1/machines"},
		{http.MethodPost, "/api/v1/machines/mch_x/terminate"}, {http.MethodGet, "/api/v1/operations"}, {http.MethodDelete, "/api/v1/sessions/current"},
	} {
		var in any
		if call[1] == "/api/v1/workshops" && call[0] == http.MethodPost {
			in = api.NewWorkshop{Name: "x", Pool: "gpu", Seats: 1}
		}
		res, body := b.send(t, call[0], call[1], in)
		refused(t, api.Unauthorized, res, body)
	}
	res, body := b.send(t, http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: "wrong"})
	refused(t, api.Unauthorized, res, body)
}

func TestAWorkshopIsOpenedListedAndEnded(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	res, body := b.send(t, http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2})
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	opened := decode[api.Workshop](t, body)
	require.Equal(t, w.url+"/join/"+opened.JoinCode, opened.JoinURL)
	w.RunAll(t)
	_, body = b.send(t, http.MethodGet, "/api/v1/workshops", nil)
	require.Equal(t, opened.ID, decode[api.Page[api.Workshop]](t, body).Items[0].ID)
	_, body = b.send(t, http.MethodGet, "/api/v1/machines?workshop="+opened.ID, nil)
	machines := decode[api.Page[api.Machine]](t, body).Items
	require.Len(t, machines, 2)
	require.Equal(t, "booting", machines[0].State)
	_, body = b.send(t, http.MethodGet, "/api/v1/operations", nil)
	require.Equal(t, "launch", decode[api.Page[api.Operation]](t, body).Items[0].Kind)
	_, body = b.send(t, http.MethodGet, "/api/v1/pools", nil)
	require.Equal(t, []api.Pool{{Name: "gpu", InstanceTypes: []string{"g5.xlarge"}, MaxMachines: 10, Machines: 2}}, decode[api.Page[api.Pool]](t, body).Items)

	res, body = b.send(t, http.MethodPost, "/api/v1/machines/"+machines[0].ID+"/terminate", nil)
	require.Equal(t, http.StatusAccepted, res.StatusCode, body)
	res, body = b.send(t, http.MethodDelete, "/api/v1/workshops/"+opened.ID, nil)
	require.Equal(t, http.StatusAccepted, res.StatusCode, body)
	res, body = b.send(t, http.MethodDelete, "/api/v1/workshops/"+opened.ID, nil)
	refused(t, api.Conflict, res, body)
	res, body = b.send(t, http.MethodDelete, "/api/v1/workshops/wks_unknown", nil)
	refused(t, api.NotFound, res, body)

	res, _ = b.send(t, http.MethodDelete, "/api/v1/sessions/current", nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	res, body = b.send(t, http.MethodGet, "/api/v1/pools", nil)
	refused(t, api.Unauthorized, res, body)
}

func TestBadRequestsGetAClearRefusal(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	for name, in := range map[string]struct {
		body string
		code api.Code
		says string
	}{
		"not JSON":           {"{", api.Invalid, ""},
		"a missing field":    {`{"name":"x","pool":"gpu"}`, api.Invalid, "seats"},
		"an unknown field":   {`{"name":"x","pool":"gpu","seats":1,"seat":1}`, api.Invalid, "seat"},
		"a wrong type":       {`{"name":"x","pool":"gpu","seats":"many"}`, api.Invalid, "seats"},
		"too many":           {`{"name":"x","pool":"gpu","seats":5000}`, api.Invalid, "1000"},
		"more than the pool": {`{"name":"x","pool":"gpu","seats":50}`, api.Invalid, "between 1 and 10"},
		"an unknown pool":    {`{"name":"x","pool":"cpu","seats":1}`, api.Invalid, "not one of gpu"},
	} {
		res, body := b.send(t, http.MethodPost, "/api/v1/workshops", in.body)
		require.GreaterOrEqual(t, res.StatusCode, 400, name)
		require.Less(t, res.StatusCode, 500, name)
		p := decode[api.Problem](t, body)
		require.Equal(t, in.code, p.Code, "%s: %s", name, body)
		require.Contains(t, p.Detail, in.says, name)
		require.NotContains(t, body, "goroutine")
	}
	res, _ := b.send(t, http.MethodPost, "/api/v1/workshops", `{"name":"`+strings.Repeat("x", 2<<20)+`"}`)
	require.Equal(t, http.StatusRequestEntityTooLarge, res.StatusCode)
}

func TestASecretCannotWriteAnotherMachinesState(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 2)
	w.RunAll(t)
	machines := w.Machines(t, ws)
	mine, _ := w.Boot(t, machines[0])
	other, _ := w.Boot(t, machines[1])
	b := w.browser(t)
	report := api.Report{Health: api.Unhealthy, Reason: "by somebody else", Readings: []api.Reading{}}
	res, body := b.send(t, http.MethodPost, "/api/v1/agents/"+other.AgentID+"/reports", report, "Authorization", "Bearer "+mine.Secret)
	refused(t, api.Unauthorized, res, body)
	res, body = b.send(t, http.MethodGet, api.TunnelPath(other.AgentID), nil, "Authorization", "Bearer "+mine.Secret)
	refused(t, api.Unauthorized, res, body)
	require.Equal(t, allocator.Ready, w.Machines(t, ws)[1].State)
	lines := api.LogBatch{Run: "run", Number: 1, Lines: []api.LogLine{{Level: "info", Source: "agent", Text: "by somebody else"}}}
	res, body = b.send(t, http.MethodPost, "/api/v1/agents/"+other.AgentID+"/logs", lines, "Authorization", "Bearer "+mine.Secret)
	refused(t, api.Unauthorized, res, body)

	res, body = b.send(t, http.MethodPost, "/api/v1/agents/"+mine.AgentID+"/reports", report, "Authorization", "Bearer "+mine.Secret)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.Equal(t, 10, decode[api.ReportAnswer](t, body).ReportInterval)
	_, body = b.send(t, http.MethodGet, api.TunnelPath(mine.AgentID), nil, "Authorization", "Bearer "+mine.Secret)
	require.Equal(t, "tunnel of "+machines[0].ID, body)
	states := map[string]allocator.MachineState{}
	for _, m := range w.Machines(t, ws) {
		states[m.ID] = m.State
	}
	require.Equal(t, map[string]allocator.MachineState{machines[0].ID: allocator.Unhealthy, machines[1].ID: allocator.Ready}, states)
}

func TestAnAgentOneProtocolApartIsUnderstoodAndFurtherIsNot(t *testing.T) {
	for apart, understood := range map[int]bool{-1: true, 0: true, 1: true, 2: false, 3: false} {
		w := newWorld(t)
		w.Version = "v9"
		ws, _ := w.Open(t, 1)
		w.RunAll(t)
		m := w.Machines(t, ws)[0]
		b := w.browser(t)
		r := allocatortest.Registration(m.InstanceID, "client-gpu", "sig")
		r.Protocol, r.Version = api.Protocol+apart, "v1.2.3"
		words := fmt.Sprintf("Agent v1.2.3 speaks protocol %d and allocator v9 protocol %d", api.Protocol+apart, api.Protocol)
		res, body := b.send(t, http.MethodPost, "/api/v1/agents", r)
		if understood {
			require.Equal(t, http.StatusCreated, res.StatusCode, body)
			require.Equal(t, api.Protocol, decode[api.Registered](t, body).Protocol)
		} else {
			require.Contains(t, refused(t, api.Invalid, res, body).Detail, words)
		}
		known, _ := w.Boot(t, m) // by one that is understood, which then grows apart
		report := api.Report{Protocol: api.Protocol + apart, Version: "v1.2.3", Health: api.Healthy, Readings: []api.Reading{}}
		res, body = b.send(t, http.MethodPost, "/api/v1/agents/"+known.AgentID+"/reports", report, "Authorization", "Bearer "+known.Secret)
		if understood {
			require.Equal(t, http.StatusOK, res.StatusCode, body)
		} else {
			require.Contains(t, refused(t, api.Invalid, res, body).Detail, words)
		}
	}
}

func TestAnAgentIsToldItsReleaseWhileNobodyHoldsItsSeat(t *testing.T) {
	w := newWorld(t)
	wanted := "r1"
	w.AgentRelease = func() string { return wanted }
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	known, _ := w.Boot(t, w.Machines(t, ws)[0])
	told := func() string {
		report := api.Report{Protocol: api.Protocol, Version: "v1", Health: api.Healthy, Readings: []api.Reading{}}
		res, body := w.browser(t).send(t, http.MethodPost, "/api/v1/agents/"+known.AgentID+"/reports", report, "Authorization", "Bearer "+known.Secret)
		require.Equal(t, http.StatusOK, res.StatusCode, body)
		return decode[api.ReportAnswer](t, body).Release
	}
	require.Equal(t, "r1", told())
	ann := w.browser(t)
	res, body := ann.send(t, http.MethodPost, "/api/v1/seats", api.Claim{Code: ws.JoinCode, Email: "ann@example.org"})
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	require.Empty(t, told(), "she is not interrupted")
	ann.send(t, http.MethodDelete, "/api/v1/seats/current", nil)
	require.Equal(t, "r1", told())
	wanted = ""
	require.Empty(t, told(), "the allocator's own release has yet to show that it is good")
}

func TestANewerAgentMaySayMore(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	raw, err := json.Marshal(allocatortest.Registration(m.InstanceID, "client-gpu", "sig"))
	require.NoError(t, err)
	var r map[string]any
	require.NoError(t, json.Unmarshal(raw, &r))
	r["protocol"], r["news"] = api.Protocol+1, "from the future"
	res, body := w.browser(t).send(t, http.MethodPost, "/api/v1/agents", r)
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
}

func TestASeatIsClaimedOverTheAPI(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	ann := w.browser(t)
	claim := api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}
	res, body := ann.send(t, http.MethodPost, "/api/v1/seats", claim)
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	seat := decode[api.Seat](t, body)
	require.Len(t, seat.PIN, 6)
	for _, c := range res.Cookies() {
		require.True(t, c.HttpOnly)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite)
	}
	_, body = ann.send(t, http.MethodGet, "/api/v1/seats/current", nil)
	require.Equal(t, seat.ID, decode[api.Seat](t, body).ID)
	require.Equal(t, seat.PIN, decode[api.Seat](t, body).PIN)

	other := w.browser(t)
	res, body = other.send(t, http.MethodPost, "/api/v1/seats", claim)
	refused(t, api.Forbidden, res, body)
	res, body = other.send(t, http.MethodPost, "/api/v1/seats", api.Claim{Code: ws.JoinCode, Email: "bob@example.org"})
	require.Equal(t, http.StatusAccepted, res.StatusCode, body)
	waiting := decode[api.Seat](t, body)
	require.Equal(t, []any{"queued", 1, ""}, []any{waiting.State, waiting.Position, waiting.Machine})
	require.Nil(t, waiting.ExpectedAt, "nobody can tell")
	require.Contains(t, mustOpen(t, other, "/seat"), "You are number 1 in the queue")
	staff := w.staff(t)
	require.Contains(t, mustOpen(t, staff, "/admin/workshops/"+ws.ID), "bob@example.org")
	_, body = staff.send(t, http.MethodGet, "/api/v1/seats?workshop="+ws.ID, nil)
	require.Len(t, decode[api.Page[api.Seat]](t, body).Items, 2)
	res, body = staff.send(t, http.MethodPost, "/api/v1/seats/"+waiting.ID+"/release", nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode, body)
	res, body = other.send(t, http.MethodGet, "/api/v1/seats/current", nil)
	refused(t, api.NotFound, res, body)

	res, _ = ann.send(t, http.MethodDelete, "/api/v1/seats/current", nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	res, body = other.send(t, http.MethodPost, "/api/v1/seats", api.Claim{Code: ws.JoinCode, Email: "bob@example.org"})
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
}

func TestTheDescriptionIsServed(t *testing.T) {
	w := newWorld(t)
	res, body := w.browser(t).send(t, http.MethodGet, "/api/v1/openapi.json", nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	doc := decode[struct {
		OpenAPI string
		Paths   map[string]map[string]any
	}](t, body)
	require.Equal(t, "3.1.0", doc.OpenAPI)
	for _, path := range []string{"/api/v1/seats", "/api/v1/workshops", "/api/v1/agents/{id}/reports"} {
		require.Contains(t, doc.Paths, path)
	}
}

func TestASeatOfLimitedTimeIsExtendedAndGivenBack(t *testing.T) {
	w := newWorld(t)
	staff := w.staff(t)
	ends, starts := w.Time.Add(3*time.Hour), w.Time.Add(time.Hour)
	res, body := staff.send(t, http.MethodPost, "/api/v1/workshops", api.NewWorkshop{
		Name: "Pose", Pool: "gpu", Seats: 1, Spares: 1, StartsAt: &starts, EndsAt: &ends, SessionMinutes: 30, Roster: []string{"Ann@example.org", "bob@example.org"},
	})
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	ws := decode[api.Workshop](t, body)
	require.Equal(t, []any{starts, ends, 30, true}, []any{ws.StartsAt, *ws.EndsAt, ws.SessionMinutes, ws.Invited})
	_, body = staff.send(t, http.MethodGet, "/api/v1/workshops/"+ws.ID+"/roster", nil)
	require.Equal(t, []string{"ann@example.org", "bob@example.org"}, decode[api.Page[string]](t, body).Items)

	ann, cleo := w.browser(t), w.browser(t)
	require.Contains(t, mustOpen(t, ann, "/join/"+ws.JoinCode), "The workshop begins")
	res, body = cleo.send(t, http.MethodPost, "/api/v1/seats", api.Claim{Code: ws.JoinCode, Email: "cleo@example.org"})
	refused(t, api.Forbidden, res, body)
	res, body = ann.send(t, http.MethodPost, "/api/v1/seats", api.Claim{Code: ws.JoinCode, Email: "ann@example.org"})
	require.Equal(t, http.StatusAccepted, res.StatusCode, body)

	w.Time = starts
	w.settle(t)
	_, body = ann.send(t, http.MethodGet, "/api/v1/seats/current", nil)
	seat := decode[api.Seat](t, body)
	require.Equal(t, []any{"assigned", w.Time.Add(30 * time.Minute)}, []any{seat.State, *seat.EndsAt})
	w.Time = w.Time.Add(20 * time.Minute)
	res, body = ann.send(t, http.MethodPost, "/api/v1/seats/current/extend", nil)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.Equal(t, w.Time.Add(30*time.Minute), *decode[api.Seat](t, body).EndsAt)

	bob := w.browser(t)
	res, body = bob.send(t, http.MethodPost, "/api/v1/seats", api.Claim{Code: ws.JoinCode, Email: "bob@example.org"})
	require.Equal(t, http.StatusAccepted, res.StatusCode, "the spare is no seat: %s", body)
	require.Equal(t, w.Time.Add(30*time.Minute), *decode[api.Seat](t, body).ExpectedAt)
	res, body = ann.send(t, http.MethodPost, "/api/v1/seats/current/extend", nil)
	refused(t, api.Capacity, res, body)
	res, _ = ann.submit(t, "/seat/extend", seatOf(t, ann))
	require.Equal(t, http.StatusConflict, res.StatusCode)
	w.Time = w.Time.Add(30 * time.Minute)
	w.settle(t)
	res, body = ann.send(t, http.MethodGet, "/api/v1/seats/current", nil)
	refused(t, api.NotFound, res, body)
	_, body = bob.send(t, http.MethodGet, "/api/v1/seats/current", nil)
	require.Equal(t, "assigned", decode[api.Seat](t, body).State)

	more, soon := 2, w.Time.Add(time.Minute)
	res, body = staff.send(t, http.MethodPatch, "/api/v1/workshops/"+ws.ID, api.WorkshopChange{Seats: &more, EndsAt: &soon, Roster: &[]string{}})
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.False(t, decode[api.Workshop](t, body).Invited)
	w.Time = soon
	w.settle(t)
	_, body = staff.send(t, http.MethodGet, "/api/v1/workshops/"+ws.ID, nil)
	require.Equal(t, "ended", decode[api.Workshop](t, body).State)
	require.Zero(t, w.EC2.Alive())
}

// settle lets the allocator look, launch and end, and machines boot.
func (w *world) settle(t *testing.T) {
	t.Helper()
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	w.EC2.Finish()
	machines, err := w.Store.Machines(t.Context(), "", false)
	require.NoError(t, err)
	for _, m := range machines {
		if m.State == allocator.Booting {
			w.Boot(t, m)
		}
	}
}
