package agent_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/agent"
	gpus "github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func machine(n gpus.NVML) *agent.Machine {
	about := agent.About{Version: "v1.2.3", BootID: "boot-1"}
	return agent.NewMachine(n, about, func() time.Time { return noon })
}

func TestAWellMachineTellsWhatItHasAndWhatItsGPUsDo(t *testing.T) {
	status := machine(&fakeNVML{devices: []*fakeGPU{gpu("GPU-a")}}).Status()
	assert.Equal(t, api.Status{
		At: noon, Version: "v1.2.3", Health: api.Healthy,
		Inventory: api.Inventory{
			Driver: "560.28.03",
			GPUs:   []api.GPU{{UUID: "GPU-a", Model: "NVIDIA H100", Memory: 80 << 30}},
		},
		Readings: []api.Reading{{
			UUID: "GPU-a", Utilisation: new(uint32(40)), MemoryUsed: new(uint64(3 << 30)),
			Temperature: new(uint32(55)), Power: new(312.5),
		}},
	}, status)
}

func TestWhatALookFindsDecidesTheHealth(t *testing.T) {
	broken := errors.New("ERROR_UNKNOWN")
	for name, c := range map[string]struct {
		nvml   *fakeNVML
		health api.Health
		reason string
		note   string
	}{
		"no driver is no error": {
			nvml: &fakeNVML{initErr: fmt.Errorf("init: %w", gpus.ErrNoDriver)}, health: api.Healthy,
			note: "No NVIDIA driver found (libnvidia-ml.so.1). The machine works without a GPU."},
		"a driver that found no GPU is no error": {
			nvml: &fakeNVML{}, health: api.Healthy,
			note: "The NVIDIA driver found no GPU. The machine works without one."},
		"a driver that does not start is a limit": {
			nvml: &fakeNVML{initErr: broken}, health: api.Degraded,
			reason: "The NVIDIA driver does not work: ERROR_UNKNOWN. Reboot the machine; replace it if that does not help."},
		"a driver that lists nothing is a limit": {
			nvml: &fakeNVML{listErr: broken}, health: api.Degraded,
			reason: "The NVIDIA driver does not work: ERROR_UNKNOWN. Reboot the machine; replace it if that does not help."},
		"a reading that fails is a limit": {
			nvml: &fakeNVML{devices: []*fakeGPU{gpu("GPU-a").failing(broken, "power")}}, health: api.Degraded,
			reason: "Does not say how it is: GPU 0 (NVIDIA H100) (power: ERROR_UNKNOWN). " +
				"The desktop still works; reboot the machine when nobody uses it."},
		"a GPU without a name is a limit": {
			nvml: &fakeNVML{devices: []*fakeGPU{gpu("GPU-a").failing(broken, "uuid")}}, health: api.Degraded,
			reason: "Does not say how it is: GPU 0 (ERROR_UNKNOWN). " +
				"The desktop still works; reboot the machine when nobody uses it."},
		"a GPU that was lost before the agent started": {
			nvml: &fakeNVML{devices: []*fakeGPU{gpu("GPU-a").failing(gpus.ErrLost, everything...)}}, health: api.Unhealthy,
			reason: "Can no longer be reached: GPU 0. Reboot the machine; replace it if the GPU stays away."},
		"the worst is told first": {
			nvml: &fakeNVML{devices: []*fakeGPU{
				gpu("GPU-a").failing(broken, "power"), gpu("GPU-b").failing(gpus.ErrLost, "temperature")}},
			health: api.Unhealthy,
			reason: "Can no longer be reached: GPU 1 (NVIDIA H100). Reboot the machine; replace it if the GPU stays away. " +
				"Does not say how it is: GPU 0 (NVIDIA H100) (power: ERROR_UNKNOWN). " +
				"The desktop still works; reboot the machine when nobody uses it."},
	} {
		t.Run(name, func(t *testing.T) {
			now := noon
			m := agent.NewMachine(c.nvml, agent.About{}, func() time.Time { return now })
			m.Status()
			now = noon.Add(time.Minute) // what may pass counts once it has lasted
			status := m.Status()
			assert.Equal(t, c.health, status.Health)
			assert.Equal(t, c.reason, status.Reason)
			assert.Equal(t, c.note, status.Inventory.Note)
			assert.NotNil(t, status.Inventory.GPUs, "is an array on the wire")
			assert.NotNil(t, status.Readings, "is an array on the wire")
		})
	}
}

func TestAGPUThatGoesAwayIsLostWhetherItIsStillListedOrNot(t *testing.T) {
	want := "Can no longer be reached: GPU 1 (NVIDIA H100). Reboot the machine; replace it if the GPU stays away."
	a, b := gpu("GPU-a"), gpu("GPU-b")
	n := &fakeNVML{devices: []*fakeGPU{a, b}}
	m := machine(n)
	require.Equal(t, api.Healthy, m.Status().Health)

	n.change(func() { b.failing(gpus.ErrLost, everything...) })
	status := m.Status()
	assert.Equal(t, api.Unhealthy, status.Health)
	assert.Equal(t, want, status.Reason)
	assert.Len(t, status.Inventory.GPUs, 2, "it is still a part of the machine")
	assert.Len(t, status.Readings, 1)

	n.change(func() { n.devices = []*fakeGPU{a} })
	assert.Equal(t, want, m.Status().Reason)

	n.change(func() { n.devices = []*fakeGPU{a, gpu("GPU-b")} })
	assert.Equal(t, api.Healthy, m.Status().Health, "it came back")
}

func TestAKnownGPUThatDoesNotSayItsNameIsNotTakenForLost(t *testing.T) {
	a, b := gpu("GPU-a"), gpu("GPU-b")
	n := &fakeNVML{devices: []*fakeGPU{a, b}}
	m := machine(n)
	m.Status()
	n.change(func() { b.failing(errors.New("ERROR_TIMEOUT"), "uuid") })
	status := m.Status()
	assert.Equal(t, api.Degraded, status.Health, status.Reason)

	n.change(func() { n.devices = []*fakeGPU{b} })
	status = m.Status()
	assert.Equal(t, api.Unhealthy, status.Health, "two are known, and one is listed")
}

func TestADriverThatComesLaterIsFound(t *testing.T) {
	n := &fakeNVML{initErr: gpus.ErrNoDriver, devices: []*fakeGPU{gpu("GPU-a")}}
	m := machine(n)
	require.Empty(t, m.Status().Inventory.GPUs)
	n.change(func() { n.initErr = nil })
	assert.Len(t, m.Status().Inventory.GPUs, 1)
	m.Status()
	assert.Equal(t, 2, n.inits, "once per trouble, once for good")
	require.NoError(t, m.Close())
	assert.False(t, n.open)
	require.NoError(t, m.Close(), "it is closed already")
	assert.Equal(t, 1, n.shutdown)
	m.Status()
	assert.True(t, n.open, "a look after that loads it again")
}

func TestALongReasonFitsTheWire(t *testing.T) {
	long := errors.New(string(make([]rune, 300)) + "ééééééééééééééééééééééééééééééééééééééééééééééé")
	n := &fakeNVML{}
	for i := range 5 {
		n.devices = append(n.devices, gpu(fmt.Sprint(i)).failing(long, "power"))
	}
	reason := machine(n).Status().Reason
	assert.LessOrEqual(t, len(reason), 500)
	assert.Contains(t, reason, "…")
}

// Whatever GPUs answer: only a lost one makes a machine unhealthy, only a
// failing one makes it degraded, and what is not supported is absent.
func TestUnknownIsNeitherZeroNorUnhealthy(t *testing.T) {
	answers := []error{nil, nil, gpus.ErrNotSupported, errors.New("ERROR_UNKNOWN"), gpus.ErrLost}
	rapid.Check(t, func(t *rapid.T) {
		n, worst := &fakeNVML{}, 0
		for i := range rapid.IntRange(1, 4).Draw(t, "gpus") {
			g := gpu(fmt.Sprintf("GPU-%d", i))
			for _, q := range everything[1:] {
				kind := rapid.IntRange(0, len(answers)-1).Draw(t, q)
				g.failing(answers[kind], q)
				worst = max(worst, kind)
			}
			n.devices = append(n.devices, g)
		}
		status := machine(n).Status()
		want := []api.Health{api.Healthy, api.Healthy, api.Healthy, api.Degraded, api.Unhealthy}[worst]
		assert.Equal(t, want, status.Health, status.Reason)
		assert.Equal(t, want == api.Healthy, status.Reason == "")
		for _, r := range status.Readings {
			fails := n.devices[r.UUID[len(r.UUID)-1]-'0'].fails
			assert.Equal(t, fails["utilisation"] != nil, r.Utilisation == nil)
			assert.Equal(t, fails["used"] != nil, r.MemoryUsed == nil)
			assert.Equal(t, fails["temperature"] != nil, r.Temperature == nil)
			assert.Equal(t, fails["power"] != nil, r.Power == nil)
		}
	})
}
