package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// secretForm is a form whose answer shows a secret, once.
type secretForm struct {
	page, to, mark string
	form           url.Values
	made           func() int // how many there are
}

func secretForms(t *testing.T, w *world) map[string]secretForm {
	t.Helper()
	ws, _ := w.Open(t, 1)
	return map[string]secretForm{
		"a user's token": {"/admin/account", "/admin/account/tokens", "lbl_", url.Values{"name": {"ci"}, "role": {"viewer"}}, func() int {
			all, err := w.Store.Tokens(t.Context(), "admin")
			require.NoError(t, err)
			return len(all)
		}},
		"a join token": {"/admin/workshops/" + ws.ID + "/join-machines", "/admin/workshops/" + ws.ID + "/join-tokens", "lbj_", url.Values{"name": {"Ann's"}, "uses": {"3"}}, func() int {
			all, err := w.Store.JoinTokens(t.Context(), ws.ID)
			require.NoError(t, err)
			return len(all)
		}},
	}
}

// shown is the secret that a page shows.
func (f secretForm) shown(t *testing.T, page string) string {
	t.Helper()
	_, rest, ok := strings.Cut(page, f.mark)
	require.True(t, ok, "a secret is shown: %s", page)
	return rest[:strings.IndexAny(rest, "<& \n'\"")]
}

// Whoever presses the button twice reads the secret all the same, and there is one.
func TestASecretThatIsShownOnceIsTheSameForEachPress(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	for name, f := range secretForms(t, w) {
		t.Run(name, func(t *testing.T) {
			f.form.Set("once", onceIn.FindStringSubmatch(mustOpen(t, b, f.page))[1])
			var all sync.WaitGroup
			pages := make([]string, 4)
			for i := range pages {
				all.Go(func() {
					res, body := b.submit(t, f.to, f.form)
					if res.StatusCode == http.StatusOK && res.Header.Get("Cache-Control") == "no-store" {
						pages[i] = body
					}
				})
			}
			all.Wait()
			for _, page := range pages {
				require.Equal(t, f.shown(t, pages[0]), f.shown(t, page))
			}
			require.Equal(t, 1, f.made())
			f.form.Set("name", "another")
			_, body := b.submit(t, f.to, f.form)
			require.NotEqual(t, f.shown(t, pages[0]), f.shown(t, body))
			require.Equal(t, 2, f.made())
		})
	}
}

// slowTokens is a store that takes its time with tokens, so that who asked has gone.
type slowTokens struct {
	allocator.Store
	asked, gone chan struct{}
}

func (s slowTokens) AddJoinToken(ctx context.Context, t allocator.JoinToken, e allocator.Event) error {
	close(s.asked)
	<-s.gone
	return s.Store.AddJoinToken(ctx, t, e)
}

// A browser gives the first request up for the second.
func TestAPressThatTakesThePlaceOfAnotherOneGetsItsAnswer(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	f := secretForms(t, w)["a join token"]
	f.form.Set("once", onceIn.FindStringSubmatch(mustOpen(t, b, f.page))[1])
	slow := slowTokens{w.Store, make(chan struct{}), make(chan struct{})}
	w.Through(slow)
	ctx, giveUp := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.url+f.to, strings.NewReader(f.form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	first := make(chan error, 1)
	go func() {
		res, err := b.Do(req)
		if err == nil {
			err = res.Body.Close()
		}
		first <- err
	}()
	<-slow.asked
	giveUp()
	require.ErrorIs(t, <-first, context.Canceled)
	time.AfterFunc(time.Millisecond, func() { close(slow.gone) })
	res, body := b.submit(t, f.to, f.form)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.NotEmpty(t, f.shown(t, body))
	require.Equal(t, 1, f.made())
}

// What was cut off, as by a restart, is not made again unseen.
func TestASecretWhoseAnswerNobodyKnowsIsToldSo(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	f := secretForms(t, w)["a join token"]
	f.form.Set("once", onceIn.FindStringSubmatch(mustOpen(t, b, f.page))[1])
	store := w.Store
	w.Through(cutOff{store})
	res, body := b.submit(t, f.to, f.form)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	w.Through(store)
	w.Time = w.Time.Add(2 * time.Minute)
	res, body = b.submit(t, f.to, f.form)
	require.Equal(t, http.StatusConflict, res.StatusCode)
	says(t, body, "revoke it there and make another one")
	require.Equal(t, 1, f.made())
}

// cutOff is a store to which nobody comes back to say what was answered.
type cutOff struct{ allocator.Store }

func (cutOff) KeepAnswer(context.Context, [32]byte, int, []byte) error {
	return api.Problemf(api.Unavailable, "It was cut off", "")
}
