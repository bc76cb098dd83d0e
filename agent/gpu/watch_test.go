package gpu_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/gpu/gputest"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAnEventOfAnInstanceNamesItAndTheGPUBearsIt(t *testing.T) {
	divided := gputest.A10G("GPU-a")
	divided.Parts = []api.GPUInstance{{UUID: "MIG-1", Model: "1g.5gb", Memory: 5 << 30}}
	w := watch(t, divided)
	w.nvml.Tell(gpu.Event{UUID: "GPU-a", Instance: "7/0", XID: 95})
	<-w.News()
	s := w.Look(t.Context())
	assert.Equal(t, api.Unhealthy, s.Health)
	assert.Contains(t, s.Reason, "GPU 0 (NVIDIA A10G) instance 7/0 (XID 95,")
	assert.Equal(t, divided.Parts, s.GPUs[0].Instances)
}

func TestAnEventWithoutANameIsTold(t *testing.T) {
	w := watch(t, gputest.A10G("GPU-a"))
	w.nvml.Tell(gpu.Event{XID: 79})
	<-w.News()
	assert.Contains(t, w.Status().Reason, "a GPU (XID 79, the GPU has fallen off the bus)")
}

func TestAListeningThatFailsBeginsAnewAtTheNextLook(t *testing.T) {
	w := watch(t, gputest.A10G("GPU-a"))
	w.nvml.Deafen()
	require.Eventually(t, func() bool {
		w.Status()
		w.nvml.Tell(gpu.Event{UUID: "GPU-a", XID: 79})
		return w.Status().Health == api.Unhealthy
	}, time.Minute, time.Millisecond)
	assert.Equal(t, 1, w.nvml.Ears)
}

func TestAGPUThatIsNewIsListenedTo(t *testing.T) {
	w := watch(t, gputest.A10G("GPU-a"))
	w.nvml.Change(func() { w.nvml.GPUs = append(w.nvml.GPUs, gputest.A10G("GPU-b")) })
	w.Status()
	assert.Equal(t, 1, w.nvml.Ears)
	w.nvml.Tell(gpu.Event{UUID: "GPU-b", XID: 79})
	<-w.News()
	assert.Contains(t, w.Status().Reason, "GPU 1 (NVIDIA A10G) (XID 79")
}

func TestGPUsThatTellNothingAreWell(t *testing.T) {
	nvml := gputest.New(gputest.T4("GPU-a"))
	nvml.Mute = true
	g := gpu.New(gpu.Config{NVML: nvml, Now: time.Now})
	g.Look(t.Context())
	assert.Equal(t, api.Healthy, g.Seen().Health)
	require.NoError(t, g.Close())
	assert.Zero(t, nvml.Open)
}

func TestNobodyNeedsToWaitForEvents(t *testing.T) {
	nvml := gputest.New(gputest.T4("GPU-a"))
	g := gpu.New(gpu.Config{NVML: nvml, Now: time.Now})
	g.Look(t.Context())
	nvml.Change(func() { nvml.GPUs = nil })
	g.Look(t.Context())
	nvml.Change(func() { nvml.GPUs = []gputest.GPU{gputest.T4("GPU-b")} })
	g.Look(t.Context())
	require.NoError(t, g.Close())
	assert.Equal(t, []int{0, 0}, []int{nvml.Open, nvml.Ears})
}
