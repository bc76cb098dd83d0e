package identity_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/api"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

var role = aws.Credentials{AccessKeyID: "ASIAEXAMPLE", SecretAccessKey: "secret", SessionToken: "token"}

func env(pairs map[string]string) func(string) string {
	return func(name string) string { return pairs[name] }
}

func prover(endpoint string, c aws.Credentials, err error) *identity.Prover {
	return &identity.Prover{
		Region: "us-west-2", Endpoint: endpoint, Audience: api.Audience("lab", "test"),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c, err }),
		Now:         func() time.Time { return noon },
	}
}

// verify does what STS does: it signs what it received again, with the secret
// that belongs to the key, and compares.
func verify(t *testing.T, proof api.Proof, body, secret string) bool {
	h := maps.Clone(proof.Headers)
	given := h["Authorization"]
	_, list, _ := strings.Cut(given, "SignedHeaders=")
	list, _, _ = strings.Cut(list, ",")
	req, err := http.NewRequest(http.MethodPost, "https://"+h["Host"]+"/", nil)
	require.NoError(t, err)
	for _, name := range strings.Split(list, ";") {
		if name != "host" {
			req.Header.Set(name, h[http.CanonicalHeaderKey(name)])
		}
	}
	when, err := time.Parse("20060102T150405Z", h["X-Amz-Date"])
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(body))
	c := aws.Credentials{AccessKeyID: role.AccessKeyID, SecretAccessKey: secret, SessionToken: h["X-Amz-Security-Token"]}
	require.NoError(t, v4.NewSigner().SignHTTP(t.Context(), c, req, hex.EncodeToString(sum[:]), "sts", "us-west-2", when))
	return req.Header.Get("Authorization") == given
}

func TestAProofIsASignedRequestThatSTSAccepts(t *testing.T) {
	proof, err := prover("https://sts.us-west-2.amazonaws.com", role, nil).Prove(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "sts.us-west-2.amazonaws.com", proof.Headers["Host"])
	assert.Equal(t, "lablink/lab/test", proof.Headers["X-Lablink-Audience"])
	assert.Equal(t, "token", proof.Headers["X-Amz-Security-Token"])
	assert.Equal(t, "20260504T120000Z", proof.Headers["X-Amz-Date"])
	assert.Contains(t, proof.Headers["Authorization"], "/20260504/us-west-2/sts/aws4_request")
	assert.Contains(t, proof.Headers["Authorization"],
		"SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-lablink-audience,")
	assert.True(t, verify(t, proof, api.ProofBody, "secret"))
	assert.False(t, verify(t, proof, api.ProofBody, "another"), "the secret decides")
	for name, value := range proof.Headers {
		assert.NotContains(t, value, role.SecretAccessKey, name)
	}
}

func TestCredentialsThatAreNotARolesHaveNoToken(t *testing.T) {
	c := role
	c.SessionToken = ""
	proof, err := prover("https://sts.us-west-2.amazonaws.com", c, nil).Prove(t.Context())
	require.NoError(t, err)
	assert.NotContains(t, proof.Headers, "X-Amz-Security-Token")
	assert.True(t, verify(t, proof, api.ProofBody, "secret"))
}

func TestAForgedProofDoesNotVerify(t *testing.T) {
	proof, err := prover("https://sts.us-west-2.amazonaws.com", role, nil).Prove(t.Context())
	require.NoError(t, err)
	for name, value := range map[string]string{
		"Host":                 "sts.eu-west-1.amazonaws.com",
		"Content-Type":         "text/plain",
		"X-Amz-Date":           "20260504T120500Z",
		"X-Amz-Security-Token": "another",
		"X-Lablink-Audience":   api.Audience("lab", "prod"),
		"Authorization":        strings.Replace(proof.Headers["Authorization"], "Signature=", "Signature=0", 1),
	} {
		forged := api.Proof{Headers: maps.Clone(proof.Headers)}
		forged.Headers[name] = value
		assert.False(t, verify(t, forged, api.ProofBody, "secret"), "%s: %s", name, value)
	}
	assert.False(t, verify(t, proof, "Action=AssumeRole&Version=2011-06-15", "secret"), "the body decides")
}

func TestTheHostOfTheEndpointIsSigned(t *testing.T) {
	for endpoint, host := range map[string]string{
		"http://127.0.0.1:4566":                   "127.0.0.1:4566",
		"http://sts.sim.test:80/":                 "sts.sim.test",
		"https://sts.us-west-2.amazonaws.com:443": "sts.us-west-2.amazonaws.com",
	} {
		proof, err := prover(endpoint, role, nil).Prove(t.Context())
		require.NoError(t, err)
		assert.Equal(t, host, proof.Headers["Host"], endpoint)
		assert.True(t, verify(t, proof, api.ProofBody, "secret"), endpoint)
	}
}

func TestTheEnvironmentMayReplaceSTS(t *testing.T) {
	for want, e := range map[string]map[string]string{
		"https://sts.eu-west-1.amazonaws.com": {},
		"http://all.test":                     {"AWS_ENDPOINT_URL": "http://all.test"},
		"http://sts.test":                     {"AWS_ENDPOINT_URL": "http://all.test", "AWS_ENDPOINT_URL_STS": "http://sts.test"},
	} {
		assert.Equal(t, want, identity.Endpoint("eu-west-1", env(e)))
	}
}

func TestAProofNeedsCredentialsAndAnAddress(t *testing.T) {
	_, err := prover("https://sts.test", role, errors.New("no role")).Prove(t.Context())
	assert.ErrorContains(t, err, "get the machine's credentials: no role")
	_, err = prover("http://[", role, nil).Prove(t.Context())
	assert.ErrorContains(t, err, "read the address of STS")
}
