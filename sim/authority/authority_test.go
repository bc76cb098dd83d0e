package authority_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/sim/authority"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/letsencrypt/pebble/v2/va.VAImpl.processTasks"))
}

// Clients are told other URLs of the authority by the name that they asked.
func TestTheAuthorityIsReachedByItsNameOverTLS(t *testing.T) {
	a, err := authority.Start(authority.Options{
		Lookup: func(string, string) ([]string, error) { return nil, errors.New("asked") }, HTTPPort: 80, TLSPort: 443, Name: "acme.simulated",
	})
	require.NoError(t, err)
	t.Cleanup(a.Close)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(a.Roots))
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots}, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "tcp", a.Address)
		},
	}
	res, err := (&http.Client{Transport: transport}).Get("https://acme.simulated" + authority.Path)
	require.NoError(t, err)
	defer res.Body.Close()
	var directory map[string]any
	require.NoError(t, json.NewDecoder(res.Body).Decode(&directory))
	require.Equal(t, "https://acme.simulated/order-plz", directory["newOrder"], "the path by which orders are counted")
	require.Zero(t, a.Orders())
	_, err = (&http.Client{Transport: transport}).Get("https://other.simulated/")
	require.ErrorContains(t, err, "certificate")
}

func TestAnAddressThatIsTakenIsSaid(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	_, err = authority.Start(authority.Options{Lookup: func(string, string) ([]string, error) { return nil, nil }, Listen: l.Addr().String()})
	require.ErrorContains(t, err, "listen for ACME")
}
