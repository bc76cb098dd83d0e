package boot_test

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

// withAgent writes down a release that has an agent, and returns it with its sum.
func withAgent(t *testing.T, program []byte) (m release.Manifest, sum string) {
	t.Helper()
	m = release.Manifest{
		Version: "v1", Agent: map[string]release.File{"linux/amd64": {Key: "artifacts/agent", SHA256: release.Sum(program), Bytes: int64(len(program))}},
		Settings: release.File{Key: "settings/x", SHA256: release.Sum(nil)},
	}
	raw, sum, err := m.Encode()
	require.NoError(t, err)
	require.NoError(t, host.WriteFile(host.ConfigDir+"/host.json", []byte(`{"region": "us-west-2", "pointer": "/p", "bucket": "b"}`), 0o644))
	require.NoError(t, host.WriteFile(filepath.Join(host.ReleaseDir(sum), "manifest.json"), raw, 0o644))
	return m, sum
}

func TestTheAgentOfTheReleaseIsRead(t *testing.T) {
	w := newWorld(t)
	program := []byte("the agent")
	w.objects["artifacts/agent"] = program
	_, sum := withAgent(t, program)
	body, file, err := boot.AgentFile(t.Context(), w, sum, "linux/amd64")
	require.NoError(t, err)
	got, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, []any{string(program), release.Sum(program)}, []any{string(got), file.SHA256})
	_, _, err = boot.AgentFile(t.Context(), w, sum, "linux/arm64")
	require.Equal(t, api.NotFound, api.CodeOf(err))
	w.away = true
	_, _, err = boot.AgentFile(t.Context(), w, sum, "linux/amd64")
	require.ErrorContains(t, err, "it is away")
	_, _, err = boot.AgentFile(t.Context(), w, "another", "linux/amd64")
	require.ErrorContains(t, err, "read the manifest")
}

func TestTheAgentsProgramIsCheckedBeforeAnybodyGetsIt(t *testing.T) {
	w := newWorld(t)
	program := []byte("the agent")
	m, sum := withAgent(t, program)
	t.Setenv("TMPDIR", t.TempDir())
	p := &boot.Programs{Objects: w, Release: sum}
	for _, wrong := range []string{"another", "the agen", "the agent, and more", ""} {
		w.objects["artifacts/agent"] = []byte(wrong)
		_, _, err := p.Open(t.Context(), "linux/amd64")
		require.ErrorContains(t, err, "it was changed or cut short", wrong)
	}
	w.objects["artifacts/agent"] = program
	for range 2 {
		body, file, err := p.Open(t.Context(), "linux/amd64")
		require.NoError(t, err)
		got, err := io.ReadAll(body)
		require.NoError(t, err)
		require.Equal(t, []any{string(program), m.Agent["linux/amd64"]}, []any{string(got), file})
		w.away = true // it is not fetched again
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, p.Close())
	_, _, err = p.Open(t.Context(), "linux/amd64")
	require.ErrorContains(t, err, "it is away")
}
