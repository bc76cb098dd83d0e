package cli_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/test/bufconn"

	"github.com/talmolab/lablink-infrastructure/api"
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

// answers are an allocator's that does nothing, by method and path.
type answers map[string]http.HandlerFunc

// says answers with a text.
func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }
}

// times answers so often, and then never.
func times(n int, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if n--; n >= 0 {
			h(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body) // who asked is seen to go once all of it is read
		<-r.Context().Done()
	}
}

// serve runs it until the returned function is called. None of its own work would let time
// pass in no time.
func (a answers) serve(t *testing.T) (c *classroom, end func()) {
	t.Helper()
	allocator := http.NewServeMux()
	allocator.HandleFunc("GET /readyz", says(fmt.Sprintf(`{"ready": true, "version": "v1", "release": %q}`, deployed)))
	for what, h := range a {
		allocator.HandleFunc(what, h)
	}
	network := bufconn.Listen(1 << 16)
	server := &http.Server{Handler: allocator, ReadHeaderTimeout: time.Minute}
	served := make(chan error)
	go func() { served <- server.Serve(network) }()
	c = &classroom{t: t, url: "http://192.0.2.1", dial: func(ctx context.Context, _, _ string) (net.Conn, error) { return network.DialContext(ctx) }}
	return c, func() {
		require.NoError(t, server.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	}
}

// unanswered is an allocator whose answer to an opening is lost, with those of which workshops
// there are.
func unanswered(workshops http.HandlerFunc) answers {
	return answers{
		"POST /api/v1/sessions": says(""), "GET /api/v1/workshops": workshops, "GET /api/v1/pools": says(`{"items": [{"name": "gpu"}]}`),
		opening: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGatewayTimeout) },
	}
}

// What was not seen within a minute is not looked for any longer.
func TestAnOpeningOfWhichNothingIsSeenIsNotCalledEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, end := unanswered(says("{}")).serve(t)
		defer end()
		started := time.Now()
		out, err := c.verify(t.Context(), "--ending", "10m")
		require.Equal(t, time.Minute, time.Since(started))
		require.ErrorContains(t, err, "was seen within 1m0s: what came of its opening is not known, and it MAY COST")
		require.Equal(t, 1, cli.ExitCode(err))
		require.Regexp(t, `ending +unknown +no workshop lablink verify \w+ was seen`, out)
	})
}

// What was known last is told where the time is over while the allocator is asked.
func TestASeatThatIsNotHadInTimeIsToldOfAsItWasLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, end := answers{
			"GET /join/pose": says(""), "POST /api/v1/seats": times(1, says(`{"id": "sea_1", "state": "queued", "position": 3}`)),
			"DELETE /api/v1/seats/current": says(""),
		}.serve(t)
		defer end()
		started := time.Now()
		_, err := c.verify(t.Context(), "--workshop", "pose", "--wait", "3s")
		require.Equal(t, 3*time.Second, time.Since(started))
		require.EqualError(t, err, "after 3s: claim a seat: no machine is free after 3s; it is number 3 in the queue")
		require.Equal(t, 1, cli.ExitCode(err))
	})
}

func TestAnAllocatorThatIsAwayIsNotTakenForAQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked := 0
		c, end := answers{
			"GET /join/pose": says(""), "DELETE /api/v1/seats/current": says(""),
			"POST /api/v1/seats": func(w http.ResponseWriter, _ *http.Request) {
				if asked++; asked > 1 {
					w.WriteHeader(http.StatusServiceUnavailable)
					return
				}
				fmt.Fprint(w, `{"id": "sea_1", "state": "queued", "position": 3}`)
			},
		}.serve(t)
		defer end()
		_, err := c.verify(t.Context(), "--workshop", "pose", "--wait", "3500ms")
		require.ErrorContains(t, err, "it is number 3 in the queue, as far as was heard: Service Unavailable")
	})
}

// Whether there is a workshop was not known, and that there was none before tells nothing.
func TestAWorkshopThatNobodySeesAnyMoreMayCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, end := unanswered(times(2, says("{}"))).serve(t)
		defer end()
		_, err := c.verify(t.Context(), "--ending", "10s")
		require.ErrorContains(t, err, "MAY STILL COST: its workshops are not known")
		require.NotContains(t, err.Error(), "was seen")
	})
}

func TestAWorkshopThatIsNotEndedInTimeIsToldOfAsItWasLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		open := ""
		c, end := answers{
			"POST /api/v1/sessions": says(""), "GET /api/v1/pools": says(`{"items": [{"name": "gpu"}]}`),
			opening: func(w http.ResponseWriter, r *http.Request) {
				var asked api.NewWorkshop
				assert.NoError(t, json.NewDecoder(r.Body).Decode(&asked))
				open = fmt.Sprintf(`{"id": "wks_1", "name": %q, "state": "open"}`, asked.Name)
				fmt.Fprint(w, open)
			},
			"GET /api/v1/workshops":          times(2, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintf(w, `{"items": [%s]}`, open) }),
			"DELETE /api/v1/workshops/wks_1": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
			"GET /api/v1/machines":           says(`{"items": [{"id": "mch_1", "state": "booting", "reason": "its agent has not reported"}]}`),
			"GET /api/v1/operations":         says(`{}`),
		}.serve(t)
		defer end()
		started := time.Now()
		_, err := c.verify(t.Context(), "--wait", "3s", "--ending", "10s")
		require.Equal(t, 13*time.Second, time.Since(started))
		require.ErrorContains(t, err, "after 3s: the machine mch_1 (none is known) is not ready after 3s: it is booting: its agent has not reported")
		require.ErrorContains(t, err, "could not be taken away within 10s, and MAY STILL COST: the workshop wks_1 is open")
		require.Equal(t, 1, cli.ExitCode(err))
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
