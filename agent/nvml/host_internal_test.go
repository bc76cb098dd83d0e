package nvml

import (
	"os"
	"path/filepath"
	"testing"

	gonvml "github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
)

func put(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
}

func TestADriverThatIsNotLoadedIsNoneOnAMachineWithoutAGPU(t *testing.T) {
	sys := t.TempDir()
	l := &Library{&mock.Interface{InitFunc: func() gonvml.Return { return gonvml.ERROR_DRIVER_NOT_LOADED }}, linux{sys}}
	assert.NotErrorIs(t, l.Init(), gpu.ErrNoDriver, "where the devices cannot be listed, nobody knows")
	put(t, filepath.Join(sys, "bus/pci/devices/0000:00:00.0/vendor"), "0x8086\n")
	assert.ErrorIs(t, l.Init(), gpu.ErrNoDriver)
	put(t, filepath.Join(sys, "bus/pci/devices/0000:00:1e.0/vendor"), "0x10de\n")
	assert.ErrorIs(t, l.Init(), errNotLoaded)
}

func TestADriverThatIsLoadedAnewHasStartedAnew(t *testing.T) {
	sys := t.TempDir()
	assert.Empty(t, linux{sys}.DriverStart())
	module := filepath.Join(sys, "module/nvidia")
	require.NoError(t, os.MkdirAll(module, 0o700))
	first := linux{sys}.DriverStart()
	assert.NotEmpty(t, first)
	assert.Equal(t, first, linux{sys}.DriverStart())
	require.NoError(t, os.Rename(module, module+".before")) // it keeps its inode
	require.NoError(t, os.MkdirAll(module, 0o700))
	assert.NotEqual(t, first, linux{sys}.DriverStart())
}
