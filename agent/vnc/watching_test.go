package vnc_test

import (
	"bufio"
	"bytes"
	"image/jpeg"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// told are the numbers of watchers that a participant's page is told.
func (w *world) told(t *testing.T) <-chan string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/desktop/watched", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	t.Cleanup(func() { _ = res.Body.Close() })
	told := make(chan string, 100)
	go func() {
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if n, is := strings.CutPrefix(lines.Text(), "data: "); is {
				told <- n
			}
		}
	}()
	return told
}

func TestAParticipantIsToldWhileStaffWatches(t *testing.T) {
	w := newWorld(t, nil)
	res, err := http.Get(w.url + "/desktop/watched")
	require.NoError(t, err)
	_ = res.Body.Close()
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, "nobody has a session")
	w.show(t)
	require.NoError(t, w.Start(t.Context(), "anns"))
	told := w.told(t)
	require.Equal(t, "0", <-told)
	w.open(t, "").pixel(t)
	staff := w.open(t, api.ViewOnly)
	require.Equal(t, "1", <-told, "her own window is none")
	sessions := agent.NewSessions(w.Desktop)
	require.Equal(t, 0, sessions.Status().Watchers, "nobody's session is watched")
	require.NoError(t, sessions.Start(t.Context(), "anns", 1))
	require.Equal(t, 1, sessions.Status().Watchers)
	require.NoError(t, staff.Close())
	require.Equal(t, "0", <-told)
	require.Zero(t, sessions.Status().Watchers)
}

// An instructor helps: what they type and point arrives, the participant is told, and the
// session does not end meanwhile for doing nothing, which to look on would not keep it from.
func TestStaffTakesOverADesktopAndTheParticipantIsTold(t *testing.T) {
	w := newWorld(t, nil)
	env := w.show(t)
	require.NoError(t, w.Start(t.Context(), "anns"))
	sessions := agent.NewSessions(w.Desktop)
	require.NoError(t, sessions.Start(t.Context(), "anns", 1))
	told := w.told(t)
	require.Equal(t, "0", <-told)
	staff := w.open(t, api.ViewControl)
	require.Equal(t, "1", <-told, "who works there")
	require.Equal(t, "1", <-told, "who sees it")
	w.clock.passes(time.Minute)
	staff.pixel(t)
	require.InDelta(t, 60, idle(t, w.Desktop), 0)
	staff.point(t, 100, 50)
	staff.pixel(t)
	require.Contains(t, inside(t, env, "xdotool", "getmouselocation"), "x:100 y:50 ")
	require.InDelta(t, 0, idle(t, w.Desktop), 0)
	status := sessions.Status()
	require.Equal(t, []int{1, 1}, []int{status.Watchers, status.Controllers})
	require.NoError(t, staff.Close())
	require.Equal(t, "0", <-told)
	require.Equal(t, "0", <-told)
	require.Contains(t, w.refusal(t, "everything"), "may be older than the allocator")
}

// preview asks for a small picture as the allocator does for staff.
func (w *world) preview(t *testing.T, view string) (int, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/desktop/preview", nil)
	require.NoError(t, err)
	req.Header.Set(api.ViewHeader, view)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, raw
}

func TestASmallPictureOfADesktopIsForStaffAndCountsAsNothing(t *testing.T) {
	w := newWorld(t, nil)
	status, _ := w.preview(t, api.ViewOnly)
	require.Equal(t, http.StatusServiceUnavailable, status, "nobody has a session")
	env := w.show(t)
	require.NoError(t, w.Start(t.Context(), "anns"))
	inside(t, env, "xsetroot", "-solid", "#2266cc")
	w.clock.passes(time.Minute)
	status, raw := w.preview(t, api.ViewOnly)
	require.Equal(t, http.StatusOK, status)
	shot, err := jpeg.Decode(bytes.NewReader(raw))
	require.NoError(t, err)
	require.LessOrEqual(t, shot.Bounds().Dx(), api.PreviewWidth)
	require.LessOrEqual(t, shot.Bounds().Dy(), api.PreviewHeight)
	r, g, b, _ := shot.At(shot.Bounds().Dx()/2, shot.Bounds().Dy()/2).RGBA()
	for i, want := range []uint32{0x22, 0x66, 0xcc} {
		require.InDelta(t, want, []uint32{r, g, b}[i]>>8, 6)
	}
	require.Zero(t, w.Watchers())
	require.Zero(t, w.Streams())
	require.InDelta(t, 60, idle(t, w.Desktop), 0)

	inside(t, env, "xsetroot", "-solid", "#ffffff")
	_, same := w.preview(t, api.ViewOnly)
	require.Equal(t, raw, same, "one in a few seconds")
	w.clock.passes(5 * time.Second)
	_, newer := w.preview(t, api.ViewOnly)
	require.NotEqual(t, raw, newer)
	for _, other := range []string{"", api.ViewControl} {
		status, _ = w.preview(t, other)
		require.Equal(t, http.StatusForbidden, status)
	}
	require.NoError(t, w.End(t.Context(), "anns"))
	status, _ = w.preview(t, api.ViewOnly)
	require.Equal(t, http.StatusServiceUnavailable, status, "nobody sees what somebody left")
}

// refuses reports what one more window is told; "" for one that is let in.
func (w *world) refusal(t *testing.T, view string) string {
	t.Helper()
	ws, res, err := websocket.Dial(t.Context(), w.url+"/desktop/stream", &websocket.DialOptions{HTTPHeader: http.Header{api.ViewHeader: {view}}})
	if err == nil {
		t.Cleanup(func() { _ = ws.CloseNow() })
		return ""
	}
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(raw)
}

func TestWatchersAndTheParticipantTakeNoPlacesFromEachOther(t *testing.T) {
	w := newWorld(t, nil)
	w.stopped(t)
	w.SetPatience(time.Minute)
	for range 4 {
		require.Empty(t, w.refusal(t, api.ViewOnly))
	}
	require.Contains(t, w.refusal(t, api.ViewOnly), "Enough people watch this desktop")
	for range 16 {
		require.Empty(t, w.refusal(t, ""))
	}
	require.Contains(t, w.refusal(t, ""), "open in too many windows")
	require.Equal(t, 20, w.Streams())
	require.Eventually(t, func() bool { return w.Watchers() == 4 }, time.Minute, time.Millisecond, "each counts once it is let in")
}
