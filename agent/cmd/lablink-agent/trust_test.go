//go:build linux

package main

import (
	"encoding/base64"
	"encoding/pem"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/internal/fakeallocator"
)

// An allocator behind Cloudflare has a certificate that no system trusts, and a
// name that the agent does not dial.
func TestAMachineConnectsToTheCertificateThatItIsToldToTrust(t *testing.T) {
	root(t, "")
	t.Setenv("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "token")
	t.Setenv("AWS_ENDPOINT_URL", "http://sts.test:4566")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	fake := fakeallocator.New()
	s := httptest.NewTLSServer(fake) // its certificate is for example.com
	t.Cleanup(s.Close)
	t.Cleanup(fake.Close)
	trust := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	stop := start(t, "--allocator-url="+s.URL, "--tls-name=example.com", "--trust="+trust, "--audience=lablink/lab/test", "--region=us-west-2", "--nvml=simulated:h100")
	<-fake.Tunnels()
	<-fake.Reports()
	stop()
}

func TestWhatCannotBeTrustedIsNamed(t *testing.T) {
	for text, says := range map[string]string{
		"%": "--trust: read the base64", base64.StdEncoding.EncodeToString([]byte("a password")): "--trust holds no certificate",
	} {
		_, err := parseTrust(text)
		assert.ErrorContains(t, err, says)
		root(t, "")
		_, err = parse(t, "--allocator-url=https://x.test", "--audience=a", "--region=r", "--trust="+text)
		assert.ErrorContains(t, err, says)
		bootstrap := bootstrapCommand{Trust: text}
		assert.ErrorContains(t, bootstrap.check(), says)
	}
	pool, err := parseTrust("")
	require.NoError(t, err)
	assert.Nil(t, pool, "the system's authorities")
}
