package cli_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/test/bufconn"

	"github.com/talmolab/lablink-infrastructure/cli"
)

const opening = "POST /api/v1/workshops"

func TestAWorkshopThatIsOpenedAfterItsOpeningWasGivenUpIsEnded(t *testing.T) {
	c := open(t)
	c.late = map[string]bool{opening: true}
	out, err := c.verify(t.Context())
	require.ErrorContains(t, err, "open a workshop: Gateway Timeout")
	require.Equal(t, 1, cli.ExitCode(err))
	require.Regexp(t, `ending +ok +the workshop has ended`, out)
	all, err := c.Store.Workshops(t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, all, 1)
	c.clean()
}

// What was not seen within a minute is not looked for any longer.
func TestAnOpeningOfWhichNothingIsSeenIsNotCalledEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		allocator := http.NewServeMux() // none of whose own work would let a minute pass in no time
		for what, answer := range map[string]string{
			"GET /readyz":           fmt.Sprintf(`{"ready": true, "version": "v1", "release": %q}`, deployed),
			"POST /api/v1/sessions": "", "GET /api/v1/workshops": "{}", "GET /api/v1/pools": `{"items": [{"name": "gpu"}]}`,
		} {
			allocator.HandleFunc(what, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) })
		}
		allocator.HandleFunc(opening, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGatewayTimeout) })
		network := bufconn.Listen(1 << 16)
		server := &http.Server{Handler: allocator, ReadHeaderTimeout: time.Minute}
		served := make(chan error)
		go func() { served <- server.Serve(network) }()

		c := &classroom{t: t, url: "http://192.0.2.1", dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return network.DialContext(ctx) }}
		started := time.Now()
		out, err := c.verify(t.Context(), "--ending", "10m")
		require.Equal(t, time.Minute, time.Since(started))
		require.ErrorContains(t, err, "was seen within 1m0s: what came of its opening is not known, and it MAY COST")
		require.Equal(t, 1, cli.ExitCode(err))
		require.Regexp(t, `ending +unknown +no workshop lablink verify \w+ was seen`, out)
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	})
}

func TestAnOpeningThatWasRefusedLeavesNothingToEnd(t *testing.T) {
	c := open(t)
	c.instead = map[string]http.HandlerFunc{opening: func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "no more workshops", http.StatusConflict)
	}}
	out, err := c.verify(t.Context())
	require.ErrorContains(t, err, "no more workshops")
	require.Equal(t, 1, cli.ExitCode(err))
	require.NotContains(t, out, "ending")
}

func TestOnlyASeatThatMayHaveBeenClaimedIsGivenBack(t *testing.T) {
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for at, held := range map[string]bool{"GET /join/": false, "POST /api/v1/seats": true} {
		t.Run(at, func(t *testing.T) {
			c := open(t)
			w := c.ReadyWorkshop(t, 1)
			c.instead = map[string]http.HandlerFunc{at: cut, "DELETE /api/v1/seats/current": cut}
			_, err := c.verify(t.Context(), "--workshop", w.JoinCode, "--ending", "10ms")
			require.Equal(t, 1, cli.ExitCode(err))
			require.Equal(t, held, strings.Contains(err.Error(), "a seat of the workshop "+w.JoinCode+" may still be held by verify-"), "%v", err)
		})
	}
}
