package identity_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/identity"
)

// metadata plays instance metadata, version 2: nothing without a token.
func metadata(t *testing.T, answers map[string]string) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const token = "session"
		if r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" {
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
			_, _ = w.Write([]byte(token))
			return
		}
		answer, ok := answers[r.URL.Path]
		switch {
		case r.Header.Get("X-Aws-Ec2-Metadata-Token") != token:
			w.WriteHeader(http.StatusUnauthorized)
		case !ok:
			w.WriteHeader(http.StatusNotFound)
		default:
			_, _ = w.Write([]byte(answer))
		}
	}))
	t.Cleanup(s.Close)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", s.URL)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
}

func TestCredentialsComeFromTheInstanceRole(t *testing.T) {
	metadata(t, map[string]string{
		"/latest/meta-data/iam/security-credentials/": "lab-client-test",
		"/latest/meta-data/iam/security-credentials/lab-client-test": `{"Code": "Success", "AccessKeyId": "ASIAROLE",
			"SecretAccessKey": "secret", "Token": "token", "Expiration": "2099-01-01T00:00:00Z"}`,
	})
	c, err := identity.Credentials(env(nil)).Retrieve(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "ASIAROLE", c.AccessKeyID)
	assert.Equal(t, "secret", c.SecretAccessKey)
	assert.Equal(t, "token", c.SessionToken)
}

func TestCredentialsOfTheEnvironmentGoFirst(t *testing.T) {
	c, err := identity.Credentials(env(map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t",
	})).Retrieve(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"AKIAENV", "s", "t"}, []string{c.AccessKeyID, c.SecretAccessKey, c.SessionToken})
}

func TestTheInstanceIDComesFromMetadata(t *testing.T) {
	metadata(t, map[string]string{"/latest/meta-data/instance-id": "i-0abc"})
	id, err := identity.InstanceID(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "i-0abc", id)
}

func TestAMachineWithoutARoleSaysSo(t *testing.T) {
	metadata(t, nil)
	_, err := identity.Credentials(env(nil)).Retrieve(t.Context())
	assert.ErrorContains(t, err, "no EC2 IMDS role found")
	_, err = identity.InstanceID(t.Context())
	assert.ErrorContains(t, err, "ask instance metadata for instance-id")
}

func TestMetadataOfTheFirstVersionIsNotUsed(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		_, _ = w.Write([]byte("i-0abc"))
	}))
	t.Cleanup(s.Close)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", s.URL)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
	_, err := identity.InstanceID(t.Context())
	assert.Error(t, err)
}
