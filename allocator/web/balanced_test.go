package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

// balanced is an allocator behind a load balancer of the network 10.20.0.0/16.
func balanced(t *testing.T) *world {
	t.Helper()
	return newWorld(t, func(c *web.Config) {
		c.Secure, c.BalancedDomain = true, "lab.example.org"
		c.TrustedProxies, c.ClientAddressHeader = []string{"10.20.0.0/16"}, "X-Forwarded-For"
	})
}

// from is a request as it arrives from a peer.
func (w *world) from(peer, method, path, body string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Host, r.RemoteAddr = "lab.example.org", peer+":40000"
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	return answer.Result()
}

const (
	loadBalancer = "10.20.0.77"
	outsider     = "192.0.2.66"
)

func TestWhatALoadBalancerTookOverTLSIsServed(t *testing.T) {
	w := balanced(t)
	ws := w.ReadyWorkshop(t, 1)
	res := w.from(loadBalancer, http.MethodGet, "/join/"+ws.JoinCode, "", "X-Forwarded-Proto", "https", "X-Forwarded-For", "198.51.100.7")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Len(t, res.Cookies(), 1)
	require.True(t, strings.HasPrefix(res.Cookies()[0].Name, "__Host-") && res.Cookies()[0].Secure, "%v", res.Cookies())
}

// Whether TLS was used is the load balancer's to say.
func TestAForgedHeaderFromElsewhereCountsForNothing(t *testing.T) {
	w := balanced(t)
	for why, c := range map[string]struct{ peer, proto string }{
		"somebody past the load balancer":        {outsider, "https"},
		"somebody who says nothing":              {outsider, ""},
		"a neighbour's network":                  {"10.21.0.77", "https"},
		"who came to the load balancer in plain": {loadBalancer, "http"},
		"a load balancer that says nothing":      {loadBalancer, ""},
	} {
		var header []string
		if c.proto != "" {
			header = []string{"X-Forwarded-Proto", c.proto}
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			res := w.from(c.peer, method, "/join/abc?x=1", "", header...)
			require.Equal(t, http.StatusPermanentRedirect, res.StatusCode, "%s: %s", why, method)
			require.Equal(t, "https://lab.example.org/join/abc?x=1", res.Header.Get("Location"), why)
			require.Empty(t, res.Cookies(), why)
		}
	}
	for _, path := range []string{"/readyz", "/healthz"} { // as load balancers ask
		require.Less(t, w.from(loadBalancer, http.MethodGet, path, "").StatusCode, 300, path)
	}
}

// What somebody writes into the header themselves stands before what the load
// balancer adds.
func TestWhoGuessesCannotPretendToBeManyPeople(t *testing.T) {
	w := balanced(t)
	logIn := func(peer, word, forwarded string) int {
		return w.from(peer, http.MethodPost, "/api/v1/sessions", `{"user": "admin", "password": "`+word+`"}`,
			"Content-Type", "application/json", "X-Forwarded-Proto", "https", "X-Forwarded-For", forwarded).StatusCode
	}
	for i := range 8 {
		logIn(loadBalancer, "a wrong password", "203.0.113."+string(rune('1'+i))+", 198.51.100.1")
	}
	require.Equal(t, http.StatusTooManyRequests, logIn(loadBalancer, password, "203.0.113.99, 198.51.100.1"), "another made-up address")
	require.Equal(t, http.StatusNoContent, logIn(loadBalancer, password, "198.51.100.2"), "somebody else")
	require.Equal(t, http.StatusPermanentRedirect, logIn(outsider, password, "198.51.100.2"), "past the load balancer")
}

// Without a load balancer nobody is asked.
func TestAJoinLinkIsOverTLSOnlyWhereTheAllocatorIs(t *testing.T) {
	for _, secure := range []bool{false, true} {
		w := newWorld(t, func(c *web.Config) { c.Secure = secure })
		cookie := w.from(outsider, http.MethodPost, "/api/v1/sessions", `{"user": "admin", "password": "`+password+`"}`, "Content-Type", "application/json").Cookies()[0]
		res := w.from(outsider, http.MethodPost, "/api/v1/workshops", `{"name": "w", "pool": "gpu", "seats": 1}`,
			"Content-Type", "application/json", "X-Forwarded-Proto", "https", "Cookie", cookie.Name+"="+url.QueryEscape(cookie.Value))
		require.Equal(t, http.StatusCreated, res.StatusCode)
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		require.Equal(t, secure, strings.HasPrefix(decode[api.Workshop](t, string(body)).JoinURL, "https://"), "%s", body)
	}
}
