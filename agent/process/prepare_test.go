package process_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/process"
)

func TestWhatAMachineWasSetUpWithIsWhatHomesBeginWith(t *testing.T) {
	dir := t.TempDir()
	home, prepared := filepath.Join(dir, "home"), filepath.Join(dir, "prepared")
	require.NoError(t, process.Prepare(home, prepared), "nothing was set up")
	require.NoDirExists(t, prepared)
	for _, content := range []string{"one", "two"} {
		require.NoError(t, os.Mkdir(home, 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(home, "course"), []byte(content), 0o600))
		require.NoError(t, process.Prepare(home, prepared))
		require.NoError(t, process.Prepare(home, prepared), "once more")
		raw, err := os.ReadFile(filepath.Join(prepared, "course"))
		require.NoError(t, err)
		require.Equal(t, content, string(raw))
		require.NoDirExists(t, home)
	}
}
