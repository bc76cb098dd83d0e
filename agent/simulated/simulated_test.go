package simulated_test

import (
	"testing"
	"time"

	gonvml "github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/nvml"
	"github.com/talmolab/lablink-infrastructure/agent/simulated"
	"github.com/talmolab/lablink-infrastructure/api"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// simulate is a machine, seen through the same adapter as real GPUs.
func simulate(t require.TestingT, profile, seed string, now func() time.Time) (*simulated.Library, *agent.Machine) {
	p, err := simulated.ParseProfile(profile)
	require.NoError(t, err)
	l, err := simulated.New(p, seed, now)
	require.NoError(t, err)
	return l, agent.NewMachine(nvml.New(l), agent.About{}, now)
}

func at(when time.Time) func() time.Time { return func() time.Time { return when } }

func TestAProfileSaysWhichGPUsAndHowMany(t *testing.T) {
	for text, want := range map[string]simulated.Profile{
		"a100": {"a100", 1}, "h100x1": {"h100", 1}, "h200x8": {"h200", 8}, "b200x64": {"b200", 64},
	} {
		p, err := simulated.ParseProfile(text)
		assert.NoError(t, err, text)
		assert.Equal(t, want, p, text)
	}
	for text, why := range map[string]string{
		"":         "a100, a100-mig, a10g, b200, h100, h200, l4, t4",
		"voodoo":   "a100, a100-mig, a10g, b200, h100, h200, l4, t4",
		"h100x":    "from 1 to 64",
		"h100x0":   "from 1 to 64",
		"h100x65":  "from 1 to 64",
		"h100x-1":  "from 1 to 64",
		"h100xtwo": "from 1 to 64",
	} {
		_, err := simulated.ParseProfile(text)
		assert.ErrorContains(t, err, why, text)
	}
}

func TestEveryProfileAnswersAllThatTheAgentAsks(t *testing.T) {
	for profile, mib := range map[string]uint64{
		"t4": 15360, "a10g": 23028, "l4": 23034, "a100": 40 << 10, "h100": 80 << 10, "h200": 141 << 10, "b200": 180 << 10,
	} {
		_, m := simulate(t, profile+"x2", "i-0abc", at(noon))
		status := m.Status()
		assert.Equal(t, api.Healthy, status.Health, status.Reason)
		assert.NotEmpty(t, status.Inventory.Driver)
		require.Len(t, status.Inventory.GPUs, 2, profile)
		require.Len(t, status.Readings, 2, profile)
		for i, gpu := range status.Inventory.GPUs {
			assert.NotEmpty(t, gpu.Model)
			assert.Equal(t, mib<<20, gpu.Memory, profile)
			assert.NotEmpty(t, gpu.Capability)
			assert.NotZero(t, gpu.PCIeGeneration)
			assert.EqualValues(t, 16, gpu.PCIeWidth)
			r := status.Readings[i]
			assert.NotNil(t, r.Utilisation)
			assert.NotNil(t, r.MemoryUsed)
			assert.NotNil(t, r.Temperature)
			assert.NotNil(t, r.Power)
			assert.NotNil(t, r.PCIeGeneration)
			assert.NotNil(t, r.PCIeWidth)
			assert.NotNil(t, r.ECCCorrected)
			assert.NotNil(t, r.ECCUncorrected)
		}
		assert.NotEqual(t, status.Readings[0].Utilisation, status.Readings[1].Utilisation, "each GPU has its own rhythm")
	}
}

func TestUUIDsBelongToTheMachine(t *testing.T) {
	seen := map[string]string{}
	for _, seed := range []string{"i-0abc", "i-0abd", "desk-3"} {
		_, first := simulate(t, "h100x4", seed, at(noon))
		_, again := simulate(t, "h100x4", seed, at(noon.Add(time.Hour)))
		gpus := first.Status().Inventory.GPUs
		assert.Equal(t, gpus, again.Status().Inventory.GPUs, "the same after a restart")
		for _, gpu := range gpus {
			assert.Regexp(t, `^GPU-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`, gpu.UUID)
			assert.Empty(t, seen[gpu.UUID], "two GPUs have one UUID")
			seen[gpu.UUID] = seed
		}
	}
}

func TestReadingsMoveSlowlyWithinPlausibleBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		when := noon.Add(time.Duration(rapid.Int64Range(0, int64(24*time.Hour)).Draw(t, "after noon")))
		clock := when
		_, m := simulate(t, "h100", rapid.String().Draw(t, "seed"), func() time.Time { return clock })
		before := m.Status().Readings[0]
		again := m.Status().Readings[0]
		assert.Equal(t, before, again, "the same at the same time")
		clock = when.Add(10 * time.Second)
		after := m.Status().Readings[0]
		for _, r := range []api.Reading{before, after} {
			assert.LessOrEqual(t, *r.Utilisation, uint32(100))
			assert.True(t, *r.Temperature >= 30 && *r.Temperature <= 90, "%d °C", *r.Temperature)
			assert.True(t, *r.Power >= 50 && *r.Power <= 700, "%f W", *r.Power)
			assert.Less(t, *r.MemoryUsed, uint64(80<<30))
		}
		assert.InDelta(t, *before.Utilisation, *after.Utilisation, 6)
		assert.InDelta(t, *before.Temperature, *after.Temperature, 3)

		var later []api.Reading
		for _, d := range []time.Duration{150 * time.Second, 300 * time.Second} {
			clock = when.Add(d)
			later = append(later, m.Status().Readings[0])
		}
		assert.NotEqual(t, []api.Reading{before, before}, later, "but they do move")
	})
}

func TestGPUsCanBeBroken(t *testing.T) {
	l, m := simulate(t, "h100x2", "i-0abc", at(noon))
	require.Equal(t, api.Healthy, m.Status().Health)

	l.HideTemperature(0, true)
	status := m.Status()
	assert.Equal(t, api.Healthy, status.Health, "unknown is not unhealthy")
	assert.Nil(t, status.Readings[0].Temperature)
	assert.NotNil(t, status.Readings[1].Temperature)

	l.Lose(1, true)
	status = m.Status()
	assert.Equal(t, api.Unhealthy, status.Health)
	assert.Contains(t, status.Reason, "GPU 1 (NVIDIA H100 80GB HBM3)")
	assert.Len(t, status.Readings, 1)

	l.Lose(1, false)
	l.HideTemperature(0, false)
	status = m.Status()
	assert.Equal(t, api.Healthy, status.Health)
	assert.NotNil(t, status.Readings[0].Temperature)
}

// A GPU can be lost between being opened and being asked.
func TestAGPUThatIsLostWhileItIsOpenAnswersNothing(t *testing.T) {
	l, _ := simulate(t, "h100", "i-0abc", at(noon))
	devices, err := nvml.New(l).Devices()
	require.NoError(t, err)
	l.Lose(0, true)
	d := devices[0]
	for name, ask := range map[string]func() error{
		"UUID":        func() error { _, err := d.UUID(); return err },
		"Model":       func() error { _, err := d.Model(); return err },
		"MemoryTotal": func() error { _, err := d.MemoryTotal(); return err },
		"MemoryUsed":  func() error { _, err := d.MemoryUsed(); return err },
		"Utilisation": func() error { _, err := d.Utilisation(); return err },
		"Temperature": func() error { _, err := d.Temperature(); return err },
		"Power":       func() error { _, err := d.Power(); return err },
	} {
		assert.ErrorIs(t, ask(), gpu.ErrLost, name)
	}
}

func TestAGPUThatIsNotThereCannotBeOpened(t *testing.T) {
	l, _ := simulate(t, "h100x2", "i-0abc", at(noon))
	for _, i := range []int{-1, 2} {
		_, ret := l.DeviceGetHandleByIndex(i)
		assert.Equal(t, gonvml.ERROR_INVALID_ARGUMENT, ret)
	}
}
