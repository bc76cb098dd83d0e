package tunnel_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAnAgentThatDoesNotAnswerIsNotWaitedForLongerThanAsked(t *testing.T) {
	w := newWorld(t)
	asked, gone := make(chan struct{}), make(chan struct{})
	w.dial(t, "mch_1", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // then the server looks whether somebody waits still
		close(asked)
		<-r.Context().Done()
		close(gone)
	}))
	require.True(t, w.next(t).up)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	require.ErrorContains(t, w.StartSession(ctx, "mch_1", "one"), "context canceled")
	<-gone // the agent hears of it
}

func TestAnAnswerThatHasNoEndIsNotRead(t *testing.T) {
	w := newWorld(t)
	w.dial(t, "mch_1", http.HandlerFunc(func(o http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			o.Header().Set("X-Long", strings.Repeat("long", 1<<20))
		}
		for range 1 << 10 {
			if _, err := o.Write([]byte(strings.Repeat(" ", 1<<12))); err != nil {
				return
			}
		}
	}))
	require.True(t, w.next(t).up)
	require.Equal(t, api.Unavailable, api.CodeOf(w.StartSession(t.Context(), "mch_1", "one")))
	_, err := w.Status(t.Context(), "mch_1")
	require.Equal(t, api.Unavailable, api.CodeOf(err))
}
