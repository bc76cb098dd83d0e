package web_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestEachKeyIsLetThroughInABurstAndThenAtItsPace(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	wait := web.NewLimiter(3, time.Second, func() time.Time { return now })
	for range 3 {
		require.Zero(t, wait("a"))
	}
	require.Equal(t, time.Second, wait("a"))
	require.Equal(t, time.Second, wait("a"), "who is refused waits no longer for it")
	require.Zero(t, wait("b"))
	now = now.Add(time.Second)
	require.Zero(t, wait("a"))
	require.Equal(t, time.Second, wait("a"))
	now = now.Add(time.Hour)
	for range 3 {
		require.Zero(t, wait("a"))
	}
	for i := range 15_000 { // which are more than are counted
		require.Zero(t, wait(fmt.Sprint("made up ", i)))
	}
	require.NotZero(t, wait("a"), "those who come most are not forgotten")
	now = now.Add(-24 * time.Hour)
	require.Equal(t, time.Second, wait("a"), "a clock that is set back shuts nobody out")
}

// Three hundred people behind one address may each try three times at once.
func TestWhoClaimsWithoutAnEndIsToldWhenToTryAgain(t *testing.T) {
	w := newWorld(t, func(c *web.Config) { c.TrustedProxies, c.ClientAddressHeader = []string{"127.0.0.0/8"}, "X-From" })
	ws := w.ReadyWorkshop(t, 2)
	claim := func(code, from string) (*http.Response, string) {
		return w.browser(t).send(t, http.MethodPost, "/api/v1/seats", api.Claim{Code: code, Email: "nobody"}, "X-From", from)
	}
	for i := range 1000 {
		res, _ := claim("made-up", fmt.Sprintf("2001:db8::%x", i+1)) // one subscriber
		require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	}
	res, body := claim(ws.JoinCode, "2001:db8::1")
	require.Contains(t, refused(t, api.RateLimited, res, body).Detail, "Try again in 1 seconds")
	require.Equal(t, "1", res.Header.Get("Retry-After"))
	res, body = w.browser(t).send(t, http.MethodPost, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}}.Encode(),
		"X-From", "2001:db8::1", "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
	require.Equal(t, http.StatusTooManyRequests, res.StatusCode)
	require.Equal(t, "1", res.Header.Get("Retry-After"))
	require.Contains(t, body, "Too many people join from your network")
	res, _ = claim(ws.JoinCode, "2001:db8:1::1")
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode, "others are let through")
	for i := range 1000 {
		claim("made-up", fmt.Sprintf("198.51.%d.%d", i/250, i%250))
	}
	res, body = claim("Made-Up", "192.0.2.1")
	require.Contains(t, refused(t, api.RateLimited, res, body).Title, "this workshop")
	w.Time = w.Time.Add(time.Second)
	res, _ = claim("made-up", "2001:db8::1")
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
}

func TestWhoTriesPasswordsWithoutAnEndIsToldWhenToTryAgain(t *testing.T) {
	w := newWorld(t, func(c *web.Config) { c.TrustedProxies, c.ClientAddressHeader = []string{"127.0.0.0/8"}, "X-From" })
	try := func(user, from string) (*http.Response, string) {
		return w.browser(t).send(t, http.MethodPost, "/admin/login", url.Values{"user": {user}, "password": {password}}.Encode(),
			"X-From", from, "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
	}
	for i := range 100 {
		res, _ := try(fmt.Sprintf("made up %0100d", i), fmt.Sprintf("2001:db8::%x", i+1)) // one subscriber
		require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	}
	res, body := try("admin", "2001:db8::1")
	require.Equal(t, http.StatusTooManyRequests, res.StatusCode)
	require.Equal(t, "2", res.Header.Get("Retry-After"))
	require.Contains(t, body, "Too many people log in from your network")
	res, _ = try("admin", "2001:db8:1::1")
	require.Equal(t, http.StatusSeeOther, res.StatusCode, "others are let through")
	w.Time = w.Time.Add(time.Second)
	for range 3 {
		res, _ = try("admin", "2001:db8::1")
		require.Equal(t, http.StatusSeeOther, res.StatusCode, "what is right does not count")
	}
}
