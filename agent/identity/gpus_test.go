package identity_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestWhatIsKnownOfTheGPUsIsKeptBesideTheIdentity(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	kept := identity.NewStore(dir).GPUs()
	none, err := kept.Load()
	require.NoError(t, err)
	assert.Equal(t, gpu.Kept{}, none)
	want := gpu.Kept{
		Boot: "boot-1", Driver: "77", Faults: []gpu.Fault{{GPU: "GPU-a", XID: 79, Count: 2, At: time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)}},
		Known: []api.GPU{{UUID: "GPU-a", Model: "Tesla T4"}}, Lost: []string{"GPU-a"}, Best: map[string]gpu.Link{"GPU-a": {Generation: 3, Width: 8}},
	}
	require.NoError(t, kept.Save(want))
	got, err := identity.NewStore(dir).GPUs().Load()
	require.NoError(t, err)
	assert.Equal(t, want, got)

	path := filepath.Join(dir, "gpus.json")
	for content, why := range map[string]string{"{": "damaged", string(make([]byte, 2<<20)): "larger than"} {
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err = kept.Load()
		assert.ErrorContains(t, err, why)
	}
	require.NoError(t, kept.Save(want), "and is replaced")
}
