package web_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// The viewer of a desktop's image is not LabLink's, and would not run under its rules.
func TestThePageOfAnImageMayDoMoreThanLabLinksOwn(t *testing.T) {
	_, use := withMachines(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/desktop/vnc.html" {
			w.Header().Set(api.PageHeader, api.ImagePage)
		}
		w.Header().Set("Content-Security-Policy", "default-src *")
	})
	w := newWorld(t, use)
	ws := w.ReadyWorkshop(t, 1)
	ann := w.browser(t)
	join(t, ann, ws, "ann@example.org")
	res, _ := ann.open(t, "/desktop/vnc.html")
	policy := res.Header.Values("Content-Security-Policy")
	require.NotEmpty(t, policy)
	require.Contains(t, policy[0], "script-src 'self' 'unsafe-inline'")
	for _, kept := range []string{"default-src 'none'", "connect-src 'self'", "form-action 'self'", "base-uri 'none'", "frame-ancestors 'self'"} {
		require.Contains(t, policy[0], kept)
	}
	require.Empty(t, res.Header.Get(api.PageHeader))
	res, _ = ann.open(t, "/desktop/")
	require.NotContains(t, res.Header.Get("Content-Security-Policy"), "unsafe-inline")
}
