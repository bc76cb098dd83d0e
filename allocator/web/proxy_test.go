package web_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Behind a proxy all come from one address; who guesses passwords locks out
// nobody but themselves.
func TestBehindAProxyLockOutCountsPeople(t *testing.T) {
	for _, c := range []struct {
		why, trusted string
		want         int
	}{
		{"a proxy that is believed", "127.0.0.0/8", http.StatusNoContent},
		{"one that is not", "192.0.2.0/24", http.StatusTooManyRequests},
	} {
		t.Run(c.why, func(t *testing.T) {
			w := newWorld(t, func(config *web.Config) {
				config.TrustedProxies, config.ClientAddressHeader = []string{c.trusted}, "CF-Connecting-IP"
			})
			for range 7 {
				w.browser(t).send(t, http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: "a wrong password"}, "CF-Connecting-IP", "198.51.100.1")
			}
			res, _ := w.browser(t).send(t, http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: "a wrong password"}, "CF-Connecting-IP", "198.51.100.1")
			require.Equal(t, http.StatusTooManyRequests, res.StatusCode)
			res, body := w.browser(t).send(t, http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: password}, "CF-Connecting-IP", "198.51.100.2")
			require.Equal(t, c.want, res.StatusCode, body)
		})
	}
}
