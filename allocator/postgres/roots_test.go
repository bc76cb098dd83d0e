package postgres_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
)

// store answers as AWS's trust store does.
type store struct {
	status int
	body   []byte
	asked  string
}

func (s *store) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = r.URL.String()
	return &http.Response{StatusCode: s.status, Status: http.StatusText(s.status), Body: io.NopCloser(bytes.NewReader(s.body))}, nil
}

func certificate(t *testing.T, authority bool, until time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "RDS"}, NotBefore: until.Add(-time.Hour), NotAfter: until,
		IsCA: authority, BasicConstraintsValid: true,
	}
	raw, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
}

func TestTheAuthoritiesOfRDSAreFetchedWholeOrNotAtAll(t *testing.T) {
	file, now := filepath.Join(t.TempDir(), "roots.pem"), time.Now()
	good, old := certificate(t, true, now.Add(time.Hour)), certificate(t, true, now.Add(-time.Hour))
	s := &store{status: http.StatusOK, body: append(bytes.Clone(old), good...)}
	fetch := func() error {
		return postgres.FetchRoots(t.Context(), &http.Client{Transport: s}, "us-west-2", file, now)
	}
	require.NoError(t, fetch())
	require.Equal(t, "https://truststore.pki.rds.amazonaws.com/us-west-2/us-west-2-bundle.pem", s.asked)
	want := bytes.Clone(s.body)
	for says, bad := range map[string]*store{
		"Not Found":                          {status: http.StatusNotFound, body: good},
		"something else than certificates":   {status: http.StatusOK, body: []byte("<html>")},
		"it holds no certificate that lasts": {status: http.StatusOK, body: old},
		"CN=RDS is no authority":             {status: http.StatusOK, body: append(bytes.Clone(good), certificate(t, false, now.Add(time.Hour))...)},
	} {
		s = bad
		require.ErrorContains(t, fetch(), says)
		have, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, want, have, "what was there stays")
	}
	s = &store{status: http.StatusOK}
	require.ErrorContains(t, fetch(), "no certificate that lasts", "nothing is nothing")
}

func TestAnInstanceOfRDSIsKnownByItsName(t *testing.T) {
	require.True(t, postgres.OfRDS("lablink.abc.us-west-2.rds.amazonaws.com"))
	for _, other := range []string{"localhost", "/tmp/pg", "rds.amazonaws.com.example.org"} {
		require.False(t, postgres.OfRDS(other))
	}
}
