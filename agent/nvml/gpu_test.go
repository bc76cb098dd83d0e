//go:build gpu

package nvml_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/nvml"
	"github.com/talmolab/lablink-infrastructure/api"
)

// These tests need a machine with an NVIDIA GPU and its driver:
//
//	CGO_ENABLED=1 go test -tags gpu ./agent/...

// columns are what nvidia-smi is asked for. It is the measure: both read the same driver.
var columns = []string{
	"uuid", "name", "driver_version", "compute_cap", "memory.total", "memory.used", "temperature.gpu", "power.draw",
	"pcie.link.gen.max", "pcie.link.width.max", "pcie.link.width.current", "utilization.gpu",
}

// smi is what nvidia-smi says, a map for each GPU.
func smi(t *testing.T) []map[string]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "nvidia-smi", "--query-gpu="+strings.Join(columns, ","), "--format=csv,noheader,nounits").Output()
	require.NoError(t, err, "these tests need an NVIDIA GPU with its driver and nvidia-smi")
	rows, err := csv.NewReader(strings.NewReader(string(out))).ReadAll()
	require.NoError(t, err)
	var all []map[string]string
	for _, row := range rows {
		one := map[string]string{}
		for i, c := range columns {
			one[c] = strings.TrimSpace(row[i])
		}
		all = append(all, one)
	}
	require.NotEmpty(t, all)
	return all
}

// number is a value of nvidia-smi, and whether it tells one ("[N/A]").
func number(text string) (float64, bool) {
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil
}

// realGPUs looks at the machine's GPUs.
func realGPUs(t *testing.T) (*agent.Machine, api.Status) {
	t.Helper()
	m := agent.NewMachine(nvml.Real(), agent.About{BootID: "boot"}, time.Now)
	t.Cleanup(func() { require.NoError(t, m.Close()) })
	return m, m.Status()
}

func TestInventoryAgreesWithNvidiaSmi(t *testing.T) {
	_, status := realGPUs(t)
	want := smi(t)
	require.Len(t, status.Inventory.GPUs, len(want))
	for i, g := range status.Inventory.GPUs {
		assert.Equal(t, want[i]["uuid"], g.UUID)
		assert.Equal(t, want[i]["name"], g.Model)
		assert.Equal(t, want[i]["driver_version"], status.Inventory.Driver)
		assert.Equal(t, want[i]["compute_cap"], g.Capability)
		assert.Equal(t, want[i]["pcie.link.gen.max"], fmt.Sprint(g.PCIeGeneration))
		assert.Equal(t, want[i]["pcie.link.width.max"], fmt.Sprint(g.PCIeWidth))
		total, ok := number(want[i]["memory.total"])
		require.True(t, ok)
		assert.InEpsilon(t, total, float64(g.Memory>>20), 0.05, "nvidia-smi leaves out what the driver reserves")
	}
}

func TestReadingsAgreeWithNvidiaSmi(t *testing.T) {
	m, _ := realGPUs(t)
	// Both are asked within a second; what moves faster may differ by as much.
	near := map[string]float64{"memory.used": 1024, "temperature.gpu": 5, "power.draw": 60, "pcie.link.width.current": 0, "utilization.gpu": 100}
	status, want := m.Status(), smi(t)
	require.Len(t, status.Readings, len(want), status.Reason)
	for i, r := range status.Readings {
		told := map[string]*float64{
			"memory.used": of(r.MemoryUsed, 1<<20), "temperature.gpu": of(r.Temperature, 1), "power.draw": r.Power,
			"pcie.link.width.current": of(r.PCIeWidth, 1), "utilization.gpu": of(r.Utilisation, 1),
		}
		for what, delta := range near {
			wanted, ok := number(want[i][what])
			require.Equal(t, ok, told[what] != nil, "%s: nvidia-smi says %q", what, want[i][what])
			if ok {
				assert.InDelta(t, wanted, *told[what], delta, what)
			}
		}
	}
}

// of is a reading in nvidia-smi's unit, or nil.
func of[T uint32 | uint64](v *T, unit float64) *float64 {
	if v == nil {
		return nil
	}
	return new(float64(*v) / unit)
}

func TestARealGPUIsWellOrSaysWhyNot(t *testing.T) {
	m, first := realGPUs(t)
	t.Logf("%s %s %s %+v", first.Health, first.Reason, first.Note, first.Inventory)
	begin := time.Now()
	const looks = 20
	for range looks {
		status := m.Status()
		assert.Equal(t, status.Health == api.Healthy, status.Reason == "")
		assert.NotContains(t, status.Reason, "Does not say how it is", "what a GPU does not support is unknown, and no fault")
	}
	t.Logf("a look takes %s", time.Since(begin)/looks)
}

func TestARealGPUIsListenedTo(t *testing.T) {
	l := nvml.Real()
	require.NoError(t, l.Init())
	defer func() { require.NoError(t, l.Shutdown()) }()
	assert.NotEmpty(t, l.DriverStart(), "sysfs tells when the driver was loaded")
	devices, err := l.Devices()
	require.NoError(t, err)
	events, err := l.Events(devices)
	if err != nil {
		require.ErrorIs(t, err, gpu.ErrNotSupported)
		return
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Second)
	defer stop()
	if e, err := events.Next(ctx); err == nil {
		t.Logf("told: %+v", e)
	} else {
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	}
	require.NoError(t, events.Close())
}
