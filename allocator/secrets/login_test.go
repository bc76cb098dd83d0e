package secrets_test

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/secrets"
)

// manager holds one secret, and counts how often it is read.
type manager struct {
	value string
	err   error
	reads int
}

func (m *manager) GetSecretValue(_ context.Context, in *secretsmanager.GetSecretValueInput, _ ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	m.reads++
	if *in.SecretId != "arn:secret" {
		return nil, errors.New("there is no such secret")
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: &m.value}, m.err
}

func TestThePasswordIsReadOnceUntilItIsRefused(t *testing.T) {
	m := &manager{value: `{"username": "lablink", "password": "first"}`}
	l := &secrets.Login{Client: m, ARN: "arn:secret"}
	expect := func(fresh bool, password string, reads int) {
		user, got, err := l.Get(t.Context(), fresh)
		require.NoError(t, err)
		require.Equal(t, "lablink", user)
		require.Equal(t, password, got)
		require.Equal(t, reads, m.reads)
	}
	expect(false, "first", 1)
	m.value = `{"username": "lablink", "password": "second"}`
	expect(false, "first", 1)
	expect(true, "second", 2)
	expect(false, "second", 2)
}

func TestASecretThatIsNotRDSsIsRefusedWithoutRepeatingIt(t *testing.T) {
	for _, value := range []string{``, `hunter2`, `{"username": "lablink"}`, `{"password": "hunter2"}`} {
		_, _, err := (&secrets.Login{Client: &manager{value: value}, ARN: "arn:secret"}).Get(t.Context(), false)
		require.ErrorContains(t, err, "arn:secret")
		require.NotContains(t, err.Error(), "hunter2")
	}
	_, _, err := (&secrets.Login{Client: &manager{err: errors.New("throttled")}, ARN: "arn:secret"}).Get(t.Context(), false)
	require.ErrorContains(t, err, "throttled")
}
