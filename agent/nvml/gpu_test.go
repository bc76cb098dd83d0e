//go:build gpu

package nvml_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
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

// smi is what nvidia-smi says, a map for each GPU. What it says of memory in use leaves out
// since R510 what the driver reserves, which NVML counts with it.
func smi(t *testing.T) []map[string]string {
	t.Helper()
	all := query(t, columns...)
	if query := exec.CommandContext(t.Context(), "nvidia-smi", "--query-gpu=memory.reserved", "--format=csv"); query.Run() != nil {
		return all // a driver that is older does not know the word
	}
	for i, reserved := range query(t, "memory.reserved") {
		used, tells := number(all[i]["memory.used"])
		more, also := number(reserved["memory.reserved"])
		if tells && also {
			all[i]["memory.used"] = fmt.Sprint(used + more)
		}
	}
	return all
}

func query(t *testing.T, columns ...string) []map[string]string {
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

// near says how far two readings of nvidia-smi may be apart for the agent's between them to
// be compared with both, and how far that may be from them.
var near = map[string]struct{ still, delta float64 }{
	"memory.used":             {0, 2}, // MiB: of two rounded numbers
	"temperature.gpu":         {0, 1}, // °C
	"power.draw":              {3, 3}, // W: it is never still
	"pcie.link.width.current": {0, 0},
	"utilization.gpu":         {0, 0},
}

// Each reading agrees three times. Of utilisation that shows little while nobody uses the
// GPU: TestAGPUThatWorksIsSeenToWork gives it work.
func TestReadingsAgreeWithNvidiaSmi(t *testing.T) {
	m, _ := realGPUs(t)
	agreed, told := map[string]int{}, map[string]string{}
	all := 0
	for range 40 {
		before, status, after := smi(t), m.Status(), smi(t)
		require.Len(t, status.Readings, len(before), status.Reason)
		all = len(near) * len(before)
		for i, r := range status.Readings {
			for what, reading := range readings(r) {
				key := fmt.Sprintf("%s of GPU %d", what, i)
				first, ok := number(before[i][what])
				require.Equal(t, ok, reading != nil, "%s: nvidia-smi says %q", key, before[i][what])
				second, _ := number(after[i][what])
				if ok && math.Abs(first-second) > near[what].still {
					told[key] = "nvidia-smi does not hold still: let nobody use the GPU meanwhile"
				} else if ok && (*reading < min(first, second)-near[what].delta || *reading > max(first, second)+near[what].delta) {
					told[key] = fmt.Sprintf("the agent says %v, and nvidia-smi %v before and %v after it", *reading, first, second)
				} else if agreed[key]++; agreed[key] >= 3 {
					delete(told, key)
				}
			}
		}
		if enough(agreed) == all {
			return
		}
	}
	t.Fatalf("of %d readings %d agree: %v", all, enough(agreed), told)
}

// enough counts the readings that agreed three times.
func enough(agreed map[string]int) (count int) {
	for _, n := range agreed {
		if n >= 3 {
			count++
		}
	}
	return count
}

// readings are an agent's, in nvidia-smi's units.
func readings(r api.Reading) map[string]*float64 {
	return map[string]*float64{
		"memory.used": of(r.MemoryUsed, 1<<20), "temperature.gpu": of(r.Temperature, 1), "power.draw": r.Power,
		"pcie.link.width.current": of(r.PCIeWidth, 1), "utilization.gpu": of(r.Utilisation, 1),
	}
}

// takenMiB is what testdata/work.c takes.
const takenMiB = 1024

// work lets a program compute on a GPU until the returned function is called. It needs the
// driver's libcuda.so.1 and a C compiler, and nothing else of CUDA.
func work(t *testing.T, uuid string) (end func()) {
	t.Helper()
	program := filepath.Join(t.TempDir(), "work")
	out, err := exec.CommandContext(t.Context(), "cc", "-std=gnu11", "-o", program, "testdata/work.c", "-ldl").CombinedOutput()
	require.NoError(t, err, string(out))
	c := exec.CommandContext(t.Context(), program, fmt.Sprint(takenMiB))
	c.Env = append(os.Environ(), "CUDA_VISIBLE_DEVICES="+uuid)
	in, err := c.StdinPipe()
	require.NoError(t, err)
	said, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	line, _ := bufio.NewReader(said).ReadString('\n')
	end = sync.OnceFunc(func() {
		require.NoError(t, in.Close())
		require.NoError(t, c.Wait())
	})
	t.Cleanup(end)
	require.Equal(t, "works\n", line)
	return end
}

// A reading that is always the same agrees with a GPU that nobody uses.
func TestAGPUThatWorksIsSeenToWork(t *testing.T) {
	m, status := realGPUs(t)
	require.NotEmpty(t, status.Readings, status.Reason)
	before := status.Readings[0]
	require.NotNil(t, before.MemoryUsed)
	if before.Utilisation == nil {
		_, tells := number(smi(t)[0]["utilization.gpu"])
		require.False(t, tells, "nvidia-smi tells its utilisation")
	}
	end := work(t, before.UUID)
	seen := func(want bool) func() bool {
		return func() bool {
			r := m.Status().Readings[0]
			took := *r.MemoryUsed >= *before.MemoryUsed+takenMiB<<20
			works := r.Utilisation == nil || *r.Utilisation >= 90
			t.Logf("it works: %v; %+v", want, readings(r))
			return took == want && (works == want || r.Utilisation == nil)
		}
	}
	require.Eventually(t, seen(true), time.Minute, 200*time.Millisecond, "it works")
	end()
	require.Eventually(t, seen(false), time.Minute, 200*time.Millisecond, "it has nothing to do again")
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
