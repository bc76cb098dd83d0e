package nvml_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gonvml "github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/gpu/gputest"
	"github.com/talmolab/lablink-infrastructure/agent/nvml"
	"github.com/talmolab/lablink-infrastructure/api"
)

// driver compiles a driver's library.
func driver(t *testing.T) string {
	t.Helper()
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/NVIDIA/go-nvml").Output()
	require.NoError(t, err)
	out := filepath.Join(t.TempDir(), "libnvidia-ml.so.1")
	said, err := exec.CommandContext(t.Context(), "cc", "-shared", "-fPIC", "-w", "-I", filepath.Join(strings.TrimSpace(string(dir)), "pkg/nvml"), "-o", out, "testdata/driver.c").CombinedOutput()
	require.NoError(t, err, string(said))
	return out
}

// An old driver's library is loaded as the real one is, goes away while the agent runs,
// and comes back. What it does not have is not called, which would end the program.
func TestALibraryOfAnOldDriverIsEnoughAndMayGoAwayAndComeBack(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone")
	t.Setenv("NVML_STUB", gone)
	now := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	m := agent.NewMachine(nvml.New(gonvml.New(gonvml.WithLibraryPath(driver(t)))), agent.About{}, func() time.Time { return now })
	gputest.Watch(t, m)
	<-m.News()
	status := m.Status()
	require.Equal(t, api.Healthy, status.Health, status.Reason)
	assert.Contains(t, status.Note, "GPU 0 (Tesla T4) (XID 43, the program was stopped)")
	assert.Equal(t, api.Inventory{Driver: "470.256.02", GPUs: []api.GPU{{
		UUID: "GPU-stub", Model: "Tesla T4", Memory: 15 << 30, Capability: "7.5", PCIeGeneration: 3, PCIeWidth: 16,
	}}}, status.Inventory)
	assert.Equal(t, []api.Reading{{
		UUID: "GPU-stub", Utilisation: new(uint32(12)), MemoryUsed: new(uint64(1 << 30)), Temperature: new(uint32(44)), Power: new(27.5),
		PCIeGeneration: new(uint32(1)), PCIeWidth: new(uint32(8)), ECCCorrected: new(uint64(0)), ECCUncorrected: new(uint64(0)),
	}}, status.Readings)

	require.NoError(t, os.WriteFile(gone, nil, 0o600))
	m.Status()
	now = now.Add(time.Minute)
	status = m.Status()
	assert.Equal(t, []any{api.Unhealthy, api.Reboot}, []any{status.Health, status.Action})
	assert.Contains(t, status.Reason, "worked before and does not any more: initialise NVML: the kernel has not loaded the NVIDIA driver.")
	require.NoError(t, os.Remove(gone))
	assert.Equal(t, api.Healthy, m.Status().Health)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
}
