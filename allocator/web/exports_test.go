package web_test

import (
	"encoding/csv"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// history is a workshop in which Ann left after an hour and a half, somebody whose
// address is a formula holds a machine, and Cleo waits.
func history(t *testing.T, w *world) (ws allocator.Workshop, ann allocator.Claimed) {
	t.Helper()
	ws = w.ReadyWorkshop(t, 1)
	claim := func(email string) allocator.Claimed {
		c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: email}, "")
		require.NoError(t, err)
		return c
	}
	ann = claim("ann@example.org")
	w.Time = w.Time.Add(90 * time.Minute)
	require.NoError(t, w.Leave(t.Context(), ann.Token))
	claim("=cmd|'/c'!a1@example.org")
	w.Time = w.Time.Add(time.Second)
	claim("cleo@example.org")
	w.Time = w.Time.Add(10*time.Minute + 39*time.Second)
	return ws, ann
}

func TestAWorkshopIsExportedWithoutSecrets(t *testing.T) {
	w := newWorld(t)
	ws, ann := history(t, w)
	b := w.staff(t)
	path := "/api/v1/workshops/" + ws.ID + "/export"
	res, body := b.send(t, http.MethodGet, path, nil)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.Equal(t, "application/json", res.Header.Get("Content-Type"))
	require.Equal(t, "attachment; filename="+ws.ID+".json", res.Header.Get("Content-Disposition"))
	out := decode[api.Export](t, body)
	require.Len(t, out.Seats, 3)
	first := out.Seats[0]
	require.Equal(t, []any{"ann@example.org", "released", 90, "its participant left", "g5.xlarge", "us-west-2b", "gpu", ann.Seat.MachineID},
		[]any{first.Email, first.State, first.MinutesHeld, first.Because, first.Type, first.Zone, first.Pool, first.Machine})
	require.Equal(t, 90*time.Minute, first.ReleasedAt.Sub(*first.AssignedAt))
	require.Equal(t, 11, out.Seats[1].MinutesHeld, "until now")
	require.Equal(t, []any{"queued", 0, ""}, []any{out.Seats[2].State, out.Seats[2].MinutesHeld, out.Seats[2].Machine})
	for _, secret := range []string{ann.Token, ann.PIN} {
		require.NotContains(t, body, secret)
	}
}

func TestAnExportIsCSVWhereItIsAskedForAndNoFormula(t *testing.T) {
	w := newWorld(t)
	ws, _ := history(t, w)
	b := w.staff(t)
	path := "/api/v1/workshops/" + ws.ID + "/export"
	for query, accept := range map[string]string{"?format=csv": "application/json", "": "text/csv, application/json"} {
		res, body := b.send(t, http.MethodGet, path+query, nil, "Accept", accept)
		require.Equal(t, "text/csv; charset=utf-8", res.Header.Get("Content-Type"))
		lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		require.NoError(t, err)
		require.Len(t, lines, 4)
		require.Equal(t, []string{"id", "email"}, lines[0][:2])
		require.Equal(t, "90", lines[1][slices.Index(lines[0], "minutes_held")])
		require.Equal(t, "'=cmd|'/c'!a1@example.org", lines[2][1])
		require.Equal(t, "cleo@example.org", lines[3][1])
	}
	for query, accept := range map[string]string{"?format=json": "text/csv", "": "application/json, text/csv", "?": "*/*"} {
		res, _ := b.send(t, http.MethodGet, path+query, nil, "Accept", accept)
		require.Equal(t, "application/json", res.Header.Get("Content-Type"), "%s %s", query, accept)
	}
	res, body := b.send(t, http.MethodGet, path+"?format=xml", nil)
	refused(t, api.Invalid, res, body)
	res, body = b.send(t, http.MethodGet, "/api/v1/workshops/wks_unknown/export", nil)
	refused(t, api.NotFound, res, body)
	res, body = w.browser(t).send(t, http.MethodGet, path, nil)
	refused(t, api.Unauthorized, res, body)
	require.Contains(t, mustOpen(t, b, "/admin/workshops/"+ws.ID), path+"?format=csv")
}
