package tunnel_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"
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
	require.ErrorContains(t, w.StartSession(ctx, "mch_1", "one", 1), "context canceled")
	<-gone // the agent hears of it
}

func TestAnAgentThatTakesNoStreamsIsNotWaitedForLongerThanAsked(t *testing.T) {
	w := newWorld(t)
	ws, _, err := websocket.Dial(t.Context(), w.url+api.TunnelPath("mch_1"), &websocket.DialOptions{HTTPClient: http.DefaultClient})
	require.NoError(t, err)
	c := yamux.DefaultConfig()
	c.LogOutput, c.Logger = nil, slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	mute, err := yamux.Server(websocket.NetConn(context.Background(), ws, websocket.MessageBinary), c) // nobody calls Accept
	require.NoError(t, err)
	t.Cleanup(func() { _ = mute.Close() })
	require.True(t, w.next(t).up)
	const questions = 400
	said := make(chan error, questions)
	for range questions { // more than may wait to be taken
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
			defer cancel()
			said <- w.StartSession(ctx, "mch_1", "one", 1)
		}()
	}
	for range questions {
		select {
		case err := <-said:
			require.ErrorContains(t, err, "context deadline exceeded")
		case <-time.After(30 * time.Second):
			t.Fatal("who asked waits still")
		}
	}
}
