package stackfile_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/stackfile"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

func TestTheConfigIsWhatPulumiGivesToAProgram(t *testing.T) {
	files, err := filepath.Glob("../../Pulumi.*.yaml")
	require.NoError(t, err)
	templates, err := filepath.Glob("../../stacks/templates/*.yaml")
	require.NoError(t, err)
	files = append(files, templates...)
	require.Greater(t, len(files), 10)
	for _, path := range files {
		f, err := stackfile.ReadAt("../..", path)
		require.NoError(t, err)
		got, err := f.Config()
		require.NoError(t, err)
		want, err := recording.ReadStackFile("../..", path)
		require.NoError(t, err)
		require.Len(t, got, len(want), path)
		for key, value := range want {
			if strings.HasPrefix(value, "{") || strings.HasPrefix(value, "[") {
				require.JSONEq(t, value, got[key], "%s: %s", path, key)
				continue
			}
			require.Equal(t, value, got[key], "%s: %s", path, key)
		}
	}
}

func TestWhatIsEncryptedIsLeftOutOfTheConfig(t *testing.T) {
	f, _ := file(t, "secretsprovider: awskms:///key\nencryptedkey: AAAA\nconfig:\n  lablink:adminPassword: {secure: v1:x}\n  lablink:protection: true\n  lablink:retiring:\n")
	got, err := f.Config()
	require.NoError(t, err)
	require.Equal(t, map[string]string{"aws:region": "us-west-2", "lablink:protection": "true"}, got)
	provider, key := f.Secrets()
	require.Equal(t, []string{"awskms:///key", "AAAA"}, []string{provider, key})
	require.Empty(t, f.Backend())
}
