package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func serve(t *testing.T, h http.HandlerFunc) *api.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return &api.Client{URL: s.URL + "/", HTTP: s.Client(), Bearer: "secret", UserAgent: "test"}
}

func TestARequestCarriesWhatTheAllocatorNeeds(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/agents/agt_1/reports" || r.Header.Get("Authorization") != "Bearer secret" ||
			r.Header.Get("Content-Type") != "application/json" || r.Header.Get("User-Agent") != "test" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		_, _ = w.Write([]byte(`{"report_interval_seconds":7}`))
	})
	got, err := c.Report(t.Context(), "agt_1", api.Report{})
	require.NoError(t, err)
	require.Equal(t, 7, got.ReportInterval)
}

func TestARefusalIsAProblemWhoeverItCameFrom(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		media  string
		body   string
		code   api.Code
		detail string
	}{
		"the allocator":      {409, "application/problem+json; charset=utf-8", `{"title":"No machine is free","detail":"Try again.","code":"capacity"}`, api.Capacity, "Try again."},
		"a proxy's page":     {502, "text/html", "<html>\n<body>Bad Gateway</body>", api.Unavailable, "<html>"},
		"a login page":       {401, "text/html", "log in", api.Unauthorized, "log in"},
		"nothing":            {500, "", "", api.Internal, ""},
		"a broken problem":   {404, "application/problem+json", "{", api.NotFound, "{"},
		"a code that is new": {418, "application/json", "{}", api.Invalid, "{}"},
	} {
		c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tc.media)
			w.Header().Set("Retry-After", "3")
			w.WriteHeader(tc.status)
			_, _ = w.Write([]byte(tc.body))
		})
		err := c.Do(t.Context(), http.MethodGet, "/x", nil, nil)
		var p *api.Problem
		require.ErrorAs(t, err, &p, name)
		require.Equal(t, tc.code, p.Code, name)
		require.Equal(t, tc.status, p.HTTP, name)
		require.Equal(t, tc.detail, p.Detail, name)
		require.Equal(t, 3*time.Second, p.RetryAfter, name)
	}
}

func TestEveryCodeHasAStatusOfItsKind(t *testing.T) {
	for _, code := range []api.Code{api.Invalid, api.Unauthorized, api.Forbidden, api.NotFound, api.Conflict, api.Capacity, api.Quota, api.RateLimited} {
		require.GreaterOrEqual(t, code.Status(), 400, code)
		require.Less(t, code.Status(), 500, code)
	}
	require.Equal(t, http.StatusServiceUnavailable, api.Unavailable.Status())
	require.Equal(t, http.StatusInternalServerError, api.Code("new").Status())
	require.Equal(t, "a: b 1.", api.Problemf(api.Conflict, "a", "b %d.", 1).Error())
	require.Empty(t, api.CodeOf(http.ErrServerClosed))
}

func TestReadinessIsReadAlsoWhenItIsNo(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"ready":false,"version":"v1","release":"r","checks":[{"name":"database","ok":false,"reason":"full"}]}`))
	})
	ready, err := c.Ready(t.Context())
	require.NoError(t, err)
	require.Equal(t, "full", ready.Checks[0].Reason)
	c = serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	_, err = c.Ready(t.Context())
	require.Equal(t, api.Unavailable, api.CodeOf(err))
}
