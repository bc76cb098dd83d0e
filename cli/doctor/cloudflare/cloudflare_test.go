package cloudflare_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
	"github.com/talmolab/lablink-infrastructure/cli/doctor/cloudflare"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

func TestZonesAreThoseThatTheTokenShows(t *testing.T) {
	a, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64", CloudflareZones: []string{"example.org", "example.org", "example.com"}})
	require.NoError(t, err)
	server := httptest.NewServer(wire.NewCloudflare(a))
	t.Cleanup(server.Close)
	t.Setenv("CLOUDFLARE_BASE_URL", server.URL+"/client/v4")
	z := cloudflare.Open(cloud.CloudflareToken)
	ids, err := z.ZonesNamed(t.Context(), "example.org")
	require.NoError(t, err)
	require.Len(t, ids, 2)
	name, err := z.Zone(t.Context(), ids[0])
	require.NoError(t, err)
	require.Equal(t, "example.org", name)
	ids, err = z.ZonesNamed(t.Context(), "lab.example.org")
	require.NoError(t, err)
	require.Empty(t, ids)
	_, err = z.Zone(t.Context(), "00000000000000000000000000000000")
	require.ErrorIs(t, err, doctor.ErrMissing)
	var refused *doctor.Refused
	_, err = cloudflare.Open("another").ZonesNamed(t.Context(), "example.org")
	require.ErrorAs(t, err, &refused)
	require.ErrorContains(t, err, "9109: Invalid access token")
}

func TestWhatCloudflareCannotTellIsNeitherMissingNorRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadGateway)
		if r.URL.Query().Get("name") == "example.org" {
			_, _ = w.Write([]byte(`{"errors":[{"code":1,"message":"try later"}]}`))
		}
	}))
	t.Cleanup(server.Close)
	z := cloudflare.Zones{URL: server.URL}
	var refused *doctor.Refused
	for name, says := range map[string]string{"example.org": "1: try later", "other.org": "502 Bad Gateway"} {
		_, err := z.ZonesNamed(t.Context(), name)
		require.ErrorContains(t, err, says)
		require.NotErrorAs(t, err, &refused)
		require.NotErrorIs(t, err, doctor.ErrMissing)
	}
}
