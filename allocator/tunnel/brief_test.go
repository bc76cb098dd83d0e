package tunnel_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
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
	require.ErrorContains(t, w.StartSession(ctx, "mch_1", "one", 1), "context canceled")
	<-gone // the agent hears of it
}
