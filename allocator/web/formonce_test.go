package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

var onceIn = regexp.MustCompile(`name="once" value="([^"]+)"`)

// Somebody presses the button twice, or goes back and presses it again.
func TestAFormThatIsSentTwiceOpensOneWorkshop(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	key := onceIn.FindStringSubmatch(mustOpen(t, b, "/admin"))[1]
	form := url.Values{"name": {"Pose"}, "pool": {"gpu"}, "seats": {"many"}, "once": {key}}
	for range 2 { // what is refused is looked at anew
		res, body := b.submit(t, "/admin/workshops", form)
		require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
		require.NotEqual(t, key, onceIn.FindStringSubmatch(body)[1])
	}
	open := func() int {
		all, err := w.Store.OpenWorkshops(t.Context())
		require.NoError(t, err)
		return len(all)
	}
	form.Set("seats", "1")
	res, _ := b.submit(t, "/admin/workshops", form)
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	to := res.Header.Get("Location")
	res, _ = b.submit(t, "/admin/workshops", form)
	require.Equal(t, []any{http.StatusSeeOther, to, 1}, []any{res.StatusCode, res.Header.Get("Location"), open()})
	form.Set("name", "Another")
	res, _ = b.submit(t, "/admin/workshops", form)
	require.NotEqual(t, to, res.Header.Get("Location"))
	require.Equal(t, 2, open())
}

// The same of an end that is moved, and what a page showed may be over.
func TestAnEndThatIsMovedTwiceByOneFormIsMovedOnce(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	ws := w.ReadyWorkshop(t, 1)
	end := w.Time.Add(3 * time.Hour).UTC()
	_, err := w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{EndsAt: &end})
	require.NoError(t, err)
	page := "/admin/workshops/" + ws.ID
	_, after, _ := strings.Cut(mustOpen(t, b, page), `name="from" value="`)
	from, _, _ := strings.Cut(after, `"`)
	form := url.Values{"when": {"later-30"}, "from": {from}}
	for range 2 {
		res, body := b.submit(t, page+"/ends", form)
		require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
		now, err := w.Store.Workshop(t.Context(), ws.ID)
		require.NoError(t, err)
		require.Equal(t, end.Add(30*time.Minute), now.EndsAt)
	}
	form.Set("when", "later-60") // from a page that does not show it yet
	res, body := b.submit(t, page+"/ends", form)
	require.Equal(t, http.StatusConflict, res.StatusCode)
	says(t, body, "The end was changed meanwhile")
}

// A part of a page is no place to log in, nor for what was told of another form.
func TestWhileAFormIsFilledNothingElseIsPutIntoThePage(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	ask := func() (*http.Response, string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+"/admin/workshops/estimate", strings.NewReader("pool=gpu&seats=1&zone=UTC"))
		require.NoError(t, err)
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("HX-Request", "true")
		return b.do(t, req)
	}
	res, _ := ask()
	require.Equal(t, http.StatusUnauthorized, res.StatusCode, "htmx would follow, and show the page")
	b = w.staff(t)
	res, body := ask()
	require.Equal(t, http.StatusOK, res.StatusCode)
	says(t, body, "1 machine")
}
