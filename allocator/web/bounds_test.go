package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

// until sends until it is refused for coming too often, at most so many times, and says
// how often it was not.
func tooMany(t *testing.T, most int, send func() (*http.Response, string)) int {
	t.Helper()
	for n := range most {
		res, body := send()
		if res.StatusCode == http.StatusTooManyRequests {
			refused(t, api.RateLimited, res, body)
			require.NotEmpty(t, res.Header.Get("Retry-After"))
			return n
		}
	}
	t.Fatalf("%d times were not too many", most)
	return 0
}

func TestWhatOneMachineAsksForIsBounded(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 2)
	at := func(m int, method, what string, in any) func() (*http.Response, string) {
		of := w.Machines(t, ws)[m]
		b := w.browser(t)
		return func() (*http.Response, string) {
			return b.send(t, method, "/api/v1/agents/"+of.AgentID+what, in, "Authorization", "Bearer secret of "+of.InstanceID)
		}
	}
	for what, c := range map[string]struct {
		method string
		in     any
		burst  int
		every  time.Duration
	}{
		"/reports": {http.MethodPost, api.Report{Protocol: api.Protocol, Health: api.Healthy, Readings: []api.Reading{}}, 600, time.Second},
		"/uploads": {http.MethodPost, bodies["upload-work"], 200, 2 * time.Second},
		"/setup":   {http.MethodGet, nil, 20, 10 * time.Second},
		"/tunnel":  {http.MethodGet, nil, 100, time.Second},
	} {
		one, other := at(0, c.method, what, c.in), at(1, c.method, what, c.in)
		require.Equal(t, c.burst, tooMany(t, 1000, one), what)
		res, _ := other()
		require.NotEqual(t, http.StatusTooManyRequests, res.StatusCode, "another machine is let through")
		w.Time = w.Time.Add(c.every)
		res, _ = one()
		require.NotEqual(t, http.StatusTooManyRequests, res.StatusCode, what)
	}
	res, body := w.browser(t).send(t, http.MethodPost, "/api/v1/agents/"+w.Machines(t, ws)[0].AgentID+"/reports", bodies["report"], "Authorization", "Bearer guessed")
	refused(t, api.Unauthorized, res, body)
}

func TestRegistrationsThatAreRefusedAreBounded(t *testing.T) {
	w := newWorld(t, func(c *web.Config) { c.TrustedProxies, c.ClientAddressHeader = []string{"127.0.0.0/8"}, "X-From" })
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	b := w.browser(t)
	n := 0
	register := func(instance, from string) (*http.Response, string) {
		n++
		return b.send(t, http.MethodPost, "/api/v1/agents", allocatortest.Registration(instance, "client-gpu", fmt.Sprint("signature ", n)), "X-From", from)
	}
	for range 1100 { // a fleet behind one address
		res, body := register(m.InstanceID, "192.0.2.1")
		require.Equal(t, http.StatusCreated, res.StatusCode, body)
	}
	require.Equal(t, 1000, tooMany(t, 2000, func() (*http.Response, string) { return register("i-guessed", "192.0.2.1") }))
	res, body := register(m.InstanceID, "192.0.2.2")
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	w.Verifier = away{}
	w.Time = w.Time.Add(200 * time.Millisecond)
	res, body = register("i-guessed", "192.0.2.1")
	refused(t, api.Unavailable, res, body)
	w.Time = w.Time.Add(100 * time.Millisecond)
	res, body = register("i-guessed", "192.0.2.1")
	refused(t, api.Unavailable, res, body)
	res, body = register("i-guessed", "192.0.2.1")
	refused(t, api.RateLimited, res, body)

	token := allocatortest.Registration(m.InstanceID, "client-gpu", "a signature")
	token.JoinToken = "lbj_made-up"
	res, body = b.send(t, http.MethodPost, "/api/v1/agents", token, "X-From", "192.0.2.1")
	refused(t, api.Forbidden, res, body) // it is bounded for itself
}

// hangsUp is an STS at whose turn the agent hangs up.
type hangsUp struct{ hangUp func() }

func (h *hangsUp) Verify(ctx context.Context, _ api.Proof) (allocator.Proven, error) {
	h.hangUp()
	return allocator.Proven{}, ctx.Err()
}

func TestWhoHangsUpIsCountedAsRefused(t *testing.T) {
	w := newWorld(t)
	sts := &hangsUp{}
	w.Verifier = sts
	raw, err := json.Marshal(allocatortest.Registration("i-guessed", "client-gpu", "a signature"))
	require.NoError(t, err)
	register := func() (*http.Response, string) {
		ctx, hangUp := context.WithCancel(t.Context())
		sts.hangUp = hangUp
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/v1/agents", bytes.NewReader(raw))
		r.Header.Set("Content-Type", "application/json")
		out := httptest.NewRecorder()
		w.handler.ServeHTTP(out, r)
		return out.Result(), out.Body.String()
	}
	require.Equal(t, 1000, tooMany(t, 2000, register))
}

func TestWhatOneJoinTokenIsUsedForIsBounded(t *testing.T) {
	w := newWorld(t, withAgent)
	ws, _ := w.Open(t, 1)
	secrets := make([]string, 2)
	for i := range secrets {
		var err error
		_, secrets[i], err = w.AddJoinToken(t.Context(), "admin", api.NewJoinToken{Name: "lab", Workshop: ws.ID, Uses: 2})
		require.NoError(t, err)
	}
	b := w.browser(t)
	download := func(token string) (*http.Response, string) {
		return b.send(t, http.MethodGet, "/download/lablink-agent", nil, "Authorization", "Bearer "+token)
	}
	require.Equal(t, 1000, tooMany(t, 2000, func() (*http.Response, string) { return download(secrets[0]) }))
	res, _ := download(secrets[1])
	require.Equal(t, http.StatusOK, res.StatusCode)
	in := api.Registration{Protocol: api.Protocol, Version: "v1", SecretSHA256: api.SecretSum("one"), JoinToken: secrets[0], Proof: api.Proof{Headers: map[string]string{}}, Inventory: api.Inventory{GPUs: []api.GPU{}}}
	again := func() (*http.Response, string) { return b.send(t, http.MethodPost, "/api/v1/agents", in) }
	require.Equal(t, 2000, tooMany(t, 3000, again))
	w.Time = w.Time.Add(30 * time.Second)
	res, _ = download(secrets[0])
	require.Equal(t, http.StatusOK, res.StatusCode)
	res, _ = again()
	require.Equal(t, http.StatusCreated, res.StatusCode)
}
