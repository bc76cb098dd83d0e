package web_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Nobody is cut off without a word, also where the machine does not answer.
func TestASeatSaysWhenItEndsAndWhatBecameOfIt(t *testing.T) {
	w := newWorld(t)
	w.Time = time.Now() // pages tell how long it is from now
	ws := w.ReadyWorkshop(t, 1)
	end := w.Time.Add(3 * time.Minute)
	_, err := w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{EndsAt: &end})
	require.NoError(t, err)
	b := w.browser(t)
	res, body := b.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	page := mustOpen(t, b, "/seat")
	require.Contains(t, page, "Not connected")
	require.Contains(t, page, "The workshop ends in about")

	minutes := 60
	_, err = w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{SessionMinutes: &minutes})
	require.NoError(t, err)
	res, _ = b.submit(t, "/seat/leave", nil)
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	_, _ = b.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	page = mustOpen(t, b, "/seat")
	require.Contains(t, page, "Your time ends in about")
	require.Contains(t, page, "Keep it longer")
	res, body = b.send(t, http.MethodPost, "/api/v1/seats/current/extend", nil)
	require.Contains(t, refused(t, api.Conflict, res, body).Title, "cannot end later")

	w.Time = end
	require.NoError(t, w.Reconcile(t.Context()))
	res, body = b.open(t, "/seat")
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	require.Contains(t, body, "its time is over")
}
