package web_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// pictured is a world whose machines answer with what the test says, a workshop with small
// pictures, and a seat of it.
func pictured(t *testing.T, agent *http.HandlerFunc) (*world, allocator.Workshop, allocator.Seat) {
	t.Helper()
	_, use := withMachines(t, func(w http.ResponseWriter, r *http.Request) { (*agent)(w, r) })
	w := newWorld(t, use)
	ws := w.ReadyWorkshop(t, 1)
	w.pictures(t, ws, true)
	ann := w.browser(t)
	join(t, ann, ws, "ann@example.org")
	mustOpen(t, ann, "/seat")
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	return w, ws, seats[0]
}

// pictures turns small pictures of a workshop's desktops on or off.
func (w *world) pictures(t *testing.T, ws allocator.Workshop, on bool) {
	t.Helper()
	_, err := w.Service.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{Previews: &on})
	require.NoError(t, err)
}

func jpegOf(t *testing.T, width, height int) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, image.NewRGBA(image.Rect(0, 0, width, height)), nil))
	return out.Bytes()
}

func TestInstructorsSeeSmallPicturesWhereTheWorkshopSaysSo(t *testing.T) {
	small := jpegOf(t, 480, 270)
	agent := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/desktop/preview", r.URL.Path)
		assert.Equal(t, []string{api.ViewOnly}, r.Header[api.ViewHeader])
		assert.Empty(t, r.Header["Cookie"])
		w.Header().Set("Set-Cookie", "a=b")
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write(small)
	})
	w, ws, seat := pictured(t, &agent)
	staff, at := w.staff(t), "/admin/seats/"+seat.ID+"/preview"
	res, body := staff.open(t, at)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Equal(t, "image/jpeg", res.Header.Get("Content-Type"))
	require.Equal(t, "no-store", res.Header.Get("Cache-Control"), "no browser writes down what a desktop showed")
	require.Equal(t, string(small), body)
	require.Empty(t, res.Header["Set-Cookie"])
	res, _ = w.as(t, allocator.Viewer).open(t, at)
	require.Equal(t, http.StatusForbidden, res.StatusCode)

	w.pictures(t, ws, false)
	res, body = staff.send(t, http.MethodGet, at, nil)
	refused(t, api.NotFound, res, body)
}

// Whoever has root on a machine chooses what it answers.
func TestWhatIsNoSmallPictureIsNotPassedOn(t *testing.T) {
	var said atomic.Pointer[http.HandlerFunc]
	agent := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { (*said.Load())(w, r) })
	w, _, seat := pictured(t, &agent)
	staff := w.staff(t)
	for name, says := range map[string]http.HandlerFunc{
		"there is none":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
		"an older agent":  http.NotFound,
		"a page":          func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<script>alert(1)</script>") },
		"too many pixels": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(jpegOf(t, 1920, 1080)) },
		"too many bytes": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write(append(jpegOf(t, 480, 270), make([]byte, 64<<10)...))
		},
		"it is elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://evil.example", http.StatusFound)
		},
		"it breaks off":    func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"another encoding": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "\x89PNG\r\n\x1a\n") },
	} {
		said.Store(&says)
		res, body := staff.open(t, "/admin/seats/"+seat.ID+"/preview")
		require.Equal(t, http.StatusNoContent, res.StatusCode, name)
		require.Empty(t, body, name)
	}
}

func TestParticipantsAreToldOfSmallPicturesBeforeTheyJoin(t *testing.T) {
	var agent http.HandlerFunc
	w, ws, _ := pictured(t, &agent)
	const told = "small pictures of all desktops"
	bob := w.browser(t)
	require.Contains(t, mustOpen(t, bob, "/join/"+ws.JoinCode), told)
	require.NotContains(t, mustOpen(t, bob, "/join/"+w.ReadyWorkshop(t, 1).JoinCode), told)
}

// Whoever has joined already reads it, too, when it begins.
func TestWhoIsInAWorkshopIsToldWhenSmallPicturesAreTurnedOn(t *testing.T) {
	w, ws, ann := seated(t, "vnc")
	const told = "sees small pictures of all desktops"
	page := watched(t, ann, "/seat/live")
	require.NotContains(t, event(t, page), told)
	w.pictures(t, ws, true)
	until(t, page, `id="previews"`, told)
	require.Contains(t, mustOpen(t, ann, "/seat"), `id="previews" data-dismiss`)
	events, err := w.Store.Events(t.Context(), allocator.EventQuery{Limit: 100})
	require.NoError(t, err)
	require.Contains(t, fmt.Sprint(events), "small pictures of its desktops")
}

// Their machine goes on while no page of theirs is open, or their browser shows the desktop
// by itself.
func TestWhoWasNotToldIsNotSeen(t *testing.T) {
	small := jpegOf(t, 480, 270)
	_, use := withMachines(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(small) })
	w := newWorld(t, use)
	ws := w.ReadyWorkshop(t, 1)
	staff, ann := w.staff(t), w.browser(t)
	join(t, ann, ws, "ann@example.org")
	at := "/admin/seats/" + w.Machines(t, ws)[0].SeatID + "/preview"
	seen := func() int {
		t.Helper()
		res, _ := staff.send(t, http.MethodGet, at, nil)
		return res.StatusCode
	}
	mustOpen(t, ann, "/seat")
	w.pictures(t, ws, true)
	require.Equal(t, http.StatusNotFound, seen())
	mustOpen(t, ann, "/seat")
	require.Equal(t, http.StatusOK, seen())
	w.pictures(t, ws, false)
	w.pictures(t, ws, true)
	require.Equal(t, http.StatusNotFound, seen(), "she was told of those before")
	require.Equal(t, string(small), mustOpen(t, ann, "/desktop/"))
	mustOpen(t, ann, "/join/"+ws.JoinCode)
	require.Equal(t, http.StatusNotFound, seen())
	until(t, watched(t, ann, "/seat/live"), `id="previews"`)
	require.Eventually(t, func() bool { return seen() == http.StatusOK }, time.Minute, 10*time.Millisecond)
	w.pictures(t, ws, false)
	require.Equal(t, http.StatusNotFound, seen())
}

// A machine may be somebody else's by the time it has answered.
func TestAPictureOfWhoeverCameLaterIsNotPassedOn(t *testing.T) {
	var w *world
	var seat allocator.Seat
	small := jpegOf(t, 480, 270)
	agent := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		assert.NoError(t, w.Service.ReleaseSeat(r.Context(), "admin", seat.ID))
		_, _ = rw.Write(small)
	})
	w, _, seat = pictured(t, &agent)
	res, body := w.staff(t).send(t, http.MethodGet, "/admin/seats/"+seat.ID+"/preview", nil)
	refused(t, api.NotFound, res, body)
}
