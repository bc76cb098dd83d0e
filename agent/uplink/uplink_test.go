package uplink_test

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/internal/fakeallocator"
	"github.com/talmolab/lablink-infrastructure/agent/uplink"
	"github.com/talmolab/lablink-infrastructure/api"
)

// allocator is reached with a client that waits as long as a busy computer needs.
func allocator(t *testing.T, s *httptest.Server, client *http.Client) *uplink.Allocator {
	transport := client.Transport.(*http.Transport)
	client.Timeout, transport.ResponseHeaderTimeout, transport.TLSHandshakeTimeout = time.Minute, time.Minute, time.Minute
	t.Cleanup(func() { client.CloseIdleConnections(); s.Close() })
	return &uplink.Allocator{URL: s.URL, HTTP: client, UserAgent: "lablink-agent/test"}
}

func TestAnAgentRegistersAndReportsWithItsSecret(t *testing.T) {
	fake := fakeallocator.New()
	var agents []string
	up := allocator(t, httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		agents = append(agents, r.UserAgent())
		fake.ServeHTTP(w, r)
	})), uplink.NewHTTP("", nil))

	given, err := up.Register(t.Context(), api.Registration{BootID: "boot-1", SecretSHA256: api.SecretSum("mine")})
	require.NoError(t, err)
	again, err := up.Register(t.Context(), api.Registration{SecretSHA256: api.SecretSum("mine")})
	require.NoError(t, err)
	assert.Equal(t, given, again)
	assert.Equal(t, "boot-1", fake.Registrations()[0].BootID)
	id := agent.Identity{AgentID: given.AgentID, Secret: "mine"}
	answer, err := up.Report(t.Context(), id, api.Report{Health: api.Degraded})
	require.NoError(t, err)
	assert.Equal(t, 1, answer.ReportInterval)
	assert.Equal(t, api.Degraded, (<-fake.Reports()).Health)
	assert.Equal(t, []string{"lablink-agent/test", "lablink-agent/test", "lablink-agent/test"}, agents)

	id.Secret = "guess"
	_, err = up.Report(t.Context(), id, api.Report{})
	assert.Equal(t, api.Unauthorized, api.CodeOf(err))
}

func TestTheCertificateMustBeForTheNameThatWasGiven(t *testing.T) {
	for name, good := range map[string]bool{"example.com": true, "another.test": false, "": true} {
		fake := fakeallocator.New()
		s := httptest.NewTLSServer(fake) // its certificate is for example.com and 127.0.0.1
		trust := x509.NewCertPool()
		trust.AddCert(s.Certificate())
		_, err := allocator(t, s, uplink.NewHTTP(name, trust)).Register(t.Context(), api.Registration{})
		if good {
			assert.NoError(t, err, name)
			continue
		}
		var wrong x509.HostnameError
		assert.ErrorAs(t, err, &wrong, name)
	}
}

func TestACertificateThatNobodyIsToldToTrustIsRefused(t *testing.T) {
	_, err := allocator(t, httptest.NewTLSServer(fakeallocator.New()), uplink.NewHTTP("example.com", nil)).Register(t.Context(), api.Registration{})
	var unknown x509.UnknownAuthorityError
	assert.ErrorAs(t, err, &unknown)
}

func TestARedirectIsNotFollowed(t *testing.T) {
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		t.Error("the agent's proof went elsewhere")
	}))
	t.Cleanup(elsewhere.Close)
	s := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	_, err := allocator(t, s, uplink.NewHTTP("", nil)).Register(t.Context(), api.Registration{})
	var p *api.Problem
	require.ErrorAs(t, err, &p)
	assert.Equal(t, http.StatusTemporaryRedirect, p.HTTP)
}

func TestTheAgentsPatienceHasBounds(t *testing.T) {
	client := uplink.NewHTTP("", nil)
	transport := client.Transport.(*http.Transport)
	assert.Equal(t, 20*time.Second, transport.ResponseHeaderTimeout)
	assert.Equal(t, 10*time.Second, transport.TLSHandshakeTimeout)
	assert.Equal(t, 30*time.Second, client.Timeout)
}
