package stack

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASettingIsWrittenAndTheRestOfTheFileStays(t *testing.T) {
	for _, c := range []struct{ why, before, after string }{
		{"as the first", "# A comment.\nconfig:\n  aws:region: us-west-2 # where\n", "# A comment.\nconfig:\n  lablink:retiring: true\n  aws:region: us-west-2 # where\n"},
		{"over the one that is there", "config:\n  a: 1\n  lablink:retiring: false # not yet\n  b: 2\n", "config:\n  a: 1\n  lablink:retiring: true\n  b: 2\n"},
		{"again", "config:\n  lablink:retiring: true\n", "config:\n  lablink:retiring: true\n"},
		{"indented as the others", "config: # all\n    a: 1\n", "config: # all\n    lablink:retiring: true\n    a: 1\n"},
		{"a key of the same end elsewhere", "config:\n  other:lablink:retiring: x\n", "config:\n  lablink:retiring: true\n  other:lablink:retiring: x\n"},
	} {
		got, err := setConfig(c.before, "lablink:retiring", "true")
		require.NoError(t, err, c.why)
		require.Equal(t, c.after, got, c.why)
	}
	_, err := setConfig("encryptionsalt: x\n", "lablink:retiring", "true")
	require.ErrorContains(t, err, "no line config:")
}

func TestAnAccountWithoutARegionIsNotBootstrapped(t *testing.T) {
	w := &Workspace{Root: t.TempDir()}
	require.NoError(t, os.WriteFile(w.path("Pulumi.yaml"), []byte("name: lablink\n"), 0o600))
	require.NoError(t, os.WriteFile(w.stackFile("account"), []byte("config:\n  lablink:kind: account\n"), 0o600))
	_, _, err := w.prepare(t.Context(), "account")
	require.ErrorContains(t, err, "aws:region is not set: write it into Pulumi.account.yaml")
}

func TestTheBackendIsReadAsItWasWritten(t *testing.T) {
	file := filepath.Join(t.TempDir(), "Pulumi.yaml")
	require.NoError(t, os.WriteFile(file, []byte("name: lablink\nconfig:\n  aws:region:\n    value: us-west-2\n"), 0o640))
	require.NoError(t, edit(file, func(text string) (string, error) { return setBackend(text, "s3://b?region=us-west-2"), nil }))
	p, err := readFile(file)
	require.NoError(t, err)
	require.Equal(t, "s3://b?region=us-west-2", p.Backend.URL)
	require.Equal(t, "us-west-2", p.text("aws:region"))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode())
}
