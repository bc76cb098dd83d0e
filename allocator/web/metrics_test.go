package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

// measured is a world whose metrics are a line.
func measured(c *web.Config) {
	c.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "up 1") })
}

func TestMetricsAreToldElsewhereToWhoShowsAToken(t *testing.T) {
	w := newWorld(t, measured)
	ann := w.as(t, allocator.Viewer)
	end := w.Time.Add(time.Hour)
	made := makeToken(t, ann, api.NewToken{Name: "prometheus", ExpiresAt: &end})
	ask := func(b *browser, authorization string) (*http.Response, string) {
		return b.send(t, http.MethodGet, "/metrics", nil, "X-Forwarded-For", "198.51.100.1", "Authorization", authorization)
	}
	plain := w.browser(t)
	res, body := ask(plain, "Bearer "+made.Secret)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.Equal(t, "up 1", body)
	require.Empty(t, res.Cookies(), "it begins no session")
	for _, is := range []struct {
		who           *browser
		authorization string
		code          api.Code
	}{{plain, "", api.NotFound}, {plain, "Bearer x", api.NotFound}, {ann, "", api.NotFound}, {ann, "Bearer lbl_x", api.Unauthorized}} {
		res, body = ask(is.who, is.authorization)
		refused(t, is.code, res, body)
	}
	w.Time = end
	res, body = ask(plain, "Bearer "+made.Secret)
	refused(t, api.Unauthorized, res, body)
}

func TestMetricsAreToldWithoutATokenOnThisComputerAlone(t *testing.T) {
	w := newWorld(t, func(c *web.Config) {
		c.TrustedProxies, c.ClientAddressHeader = []string{"192.0.2.0/24"}, "X-Forwarded-For"
	}, measured)
	for _, c := range []struct {
		why, method, peer, header, value string
		want                             int
	}{
		{"on this computer", "GET", "127.0.0.1:1234", "", "", 200},
		{"over IPv6", "GET", "[::1]:1234", "", "", 200},
		{"from elsewhere", "GET", "198.51.100.1:1234", "", "", 404},
		{"through a proxy on this computer", "GET", "127.0.0.1:1234", "X-Forwarded-For", "198.51.100.1", 404},
		{"through a proxy that is told a lie", "GET", "192.0.2.1:1234", "X-Forwarded-For", "127.0.0.1", 404},
		{"with another method", "POST", "127.0.0.1:1234", "", "", 404},
	} {
		r := httptest.NewRequest(c.method, "/metrics", nil)
		r.RemoteAddr = c.peer
		if c.header != "" {
			r.Header.Set(c.header, c.value)
		}
		answer := httptest.NewRecorder()
		w.handler.ServeHTTP(answer, r)
		require.Equal(t, c.want, answer.Code, c.why)
		require.Equal(t, c.want == 200, answer.Body.String() == "up 1", c.why)
	}
}

func TestEveryAnswerIsCountedByThePatternOfItsRoute(t *testing.T) {
	type answer struct {
		route  string
		status int
	}
	var mu sync.Mutex
	var all []answer
	w := newWorld(t, func(c *web.Config) {
		c.Answered = func(route string, status int) {
			mu.Lock()
			defer mu.Unlock()
			all = append(all, answer{route, status})
		}
	})
	b := w.browser(t)
	b.send(t, http.MethodGet, "/api/v1/workshops/wks_somebodys", nil)
	b.send(t, http.MethodGet, "/join/abc", nil)
	b.send(t, http.MethodGet, "/nowhere/anne@example.org", nil)
	b.send(t, http.MethodPost, "/api/v1/sessions", "{}", "Origin", "https://evil.example")
	b.send(t, http.MethodGet, "/healthz", nil)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []answer{
		{"GET /api/v1/workshops/{id}", 401}, {"GET /join/{code}", 404}, {"/", 404}, {"POST /api/v1/sessions", 403}, {"GET /healthz", 204},
	}, all)
}
