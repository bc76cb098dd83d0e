package origin

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

const domain = "lab.example.org"

func declare(args *OriginArgs) (*recording.Recording, error) {
	return recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		o, err := NewOrigin(ctx, "origin", args)
		if err == nil {
			ctx.Export("certificate", o.Certificate)
		}
		return err
	})
}

func good() *OriginArgs {
	return &OriginArgs{Namer: naming.Namer{Deployment: "lablink", Environment: "test"}, Domain: domain, Parameter: "/lablink/lablink/test/secret/origin-key"}
}

func TestTheCertificateIsForTheKeyThatIsKept(t *testing.T) {
	r, err := declare(good())
	require.NoError(t, err)
	kept, certificate := r.Named("origin-key"), r.Named("origin-certificate")
	assert.Equal(t, "SecureString", kept.Text("type"))
	assert.True(t, kept.Secret("value"))
	assert.Equal(t, []string{"value"}, kept.IgnoreChanges, "another run makes another key, which is not wanted")
	assert.False(t, certificate.Secret("csr"), "a request holds nothing secret")
	assert.Equal(t, []any{domain}, certificate.Get("hostnames"))
	assert.Equal(t, "origin-ecc", certificate.Text("requestType"))
	assert.Equal(t, 5475.0, certificate.Get("requestedValidity"), "days")
	assert.False(t, r.Outputs["certificate"].Secret)

	csr := parseRequest(t, certificate.Text("csr"))
	assert.Equal(t, []string{domain}, csr.DNSNames)
	assert.True(t, publicKey(t, kept.Text("value")).Equal(csr.PublicKey))
}

func TestTheSameKeyAsksInTheSameWords(t *testing.T) {
	key, err := newKey()
	require.NoError(t, err)
	first, err := request(domain, key)
	require.NoError(t, err)
	require.NoError(t, parseRequest(t, first).CheckSignature())
	again, err := request(domain, key)
	require.NoError(t, err)
	assert.Equal(t, first, again)
	other, err := newKey()
	require.NoError(t, err)
	assert.NotEqual(t, key, other)
}

func TestAKeyThatIsNoneIsRefused(t *testing.T) {
	for key, says := range map[string]string{
		"": "is not PEM", "a password": "is not PEM",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n": "read the kept key",
	} {
		_, err := request(domain, key)
		assert.ErrorContains(t, err, says)
	}
}

func TestAnIncompleteCertificateIsRefused(t *testing.T) {
	for _, args := range []*OriginArgs{nil, {Domain: domain}, {Parameter: "/p"}} {
		r, err := declare(args)
		assert.ErrorContains(t, err, "Domain and Parameter are required")
		assert.Empty(t, r.Names())
	}
}

func parseRequest(t *testing.T, text string) *x509.CertificateRequest {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	require.NotNil(t, block, text)
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	require.NoError(t, err)
	return csr
}

func publicKey(t *testing.T, text string) *ecdsa.PublicKey {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	require.NotNil(t, block)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	require.NoError(t, err)
	return &key.(*ecdsa.PrivateKey).PublicKey
}
