package gpu_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/gpu/gputest"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestHeatCountsOnceItLastedAndGoesOnceItWasGone(t *testing.T) {
	w := watch(t, gputest.A10G("GPU-a"))
	hot := func(value string) { w.suffer(t, "temperature", value) }
	hot("95")
	assert.Equal(t, api.Healthy, w.after(0).Health)
	assert.Equal(t, api.Healthy, w.after(59*time.Second).Health, "a minute of work is no fault")
	assert.Equal(t, api.Degraded, w.after(time.Second).Health)
	reason := w.after(time.Second).Reason
	hot("97")
	assert.Equal(t, reason, w.after(5*time.Second).Reason, "what only moves is not told anew")
	hot("80")
	assert.Equal(t, api.Degraded, w.after(119*time.Second).Health, "it may be back at once")
	hot("95")
	assert.Equal(t, api.Degraded, w.after(10*time.Second).Health)
	hot("80")
	assert.Equal(t, api.Degraded, w.after(time.Minute).Health)
	assert.Equal(t, api.Healthy, w.after(2*time.Minute).Health)
	hot("95")
	assert.Equal(t, api.Healthy, w.after(time.Second).Health, "and it must last again")
}

func TestHeatThatComesAndGoesIsNoFault(t *testing.T) {
	w := watch(t, gputest.A10G("GPU-a"))
	for range 20 {
		w.suffer(t, "temperature", "95")
		require.Equal(t, api.Healthy, w.after(30*time.Second).Health)
		require.NoError(t, w.injector.Apply(inject.Order{Fault: "clear"}))
		require.Equal(t, api.Healthy, w.after(30*time.Second).Health)
	}
}

func TestAClockThatIsSetBackMakesNothingLast(t *testing.T) {
	w := watch(t, gputest.A10G("GPU-a"))
	w.suffer(t, "temperature", "95")
	w.after(30 * time.Second)
	assert.Equal(t, api.Healthy, w.after(-24*time.Hour).Health)
	assert.Equal(t, api.Healthy, w.after(45*time.Second).Health)
	assert.Equal(t, api.Degraded, w.after(15*time.Second).Health)
	assert.Equal(t, api.Degraded, w.after(-24*time.Hour).Health, "what counts goes on to count")
}

func TestEachGPUHasItsOwnFaults(t *testing.T) {
	w := watch(t, gputest.A10G("GPU-a"), gputest.T4("GPU-b"))
	require.NoError(t, w.injector.Apply(inject.Order{Fault: "temperature", Value: "95", GPU: 0}))
	w.after(0)
	w.after(40 * time.Second)
	require.NoError(t, w.injector.Apply(inject.Order{Fault: "temperature", Value: "95", GPU: 1}))
	w.after(10 * time.Second)
	assert.Contains(t, w.after(10*time.Second).Reason, "Is hot: GPU 0 (NVIDIA A10G) at 93 °C or more. ")
	w.after(40 * time.Second)
	assert.Contains(t, w.after(10*time.Second).Reason, "GPU 0 (NVIDIA A10G) at 93 °C or more, GPU 1 (Tesla T4) at 93 °C or more.")
}

func TestALinkIsSlowOnlyWhereTheGPUWorks(t *testing.T) {
	nvml := gputest.New(gputest.A10G("GPU-a"))
	w := start(t, nvml, nil, "boot-1")
	assert.Equal(t, api.Healthy, w.after(time.Hour).Health, "half of the lanes that it could have are no fault: EC2 gives it no more")
	nvml.Change(func() { nvml.GPUs[0].Generation = 1 })
	w.after(time.Second)
	assert.Equal(t, api.Healthy, w.after(time.Hour).Health, "a GPU without work lowers its link")
	nvml.Change(func() { nvml.GPUs[0].Lanes = 16 })
	assert.Equal(t, api.Healthy, w.after(time.Hour).Health)
	nvml.Change(func() { nvml.GPUs[0].Lanes = 8 })
	w.after(time.Second)
	assert.Contains(t, w.after(time.Hour).Reason, "8 of 16", "but fewer than it had are")
}
