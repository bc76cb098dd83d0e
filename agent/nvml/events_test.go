package nvml_test

import (
	"context"
	"errors"
	"testing"
	"time"

	gonvml "github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/nvml"
	"github.com/talmolab/lablink-infrastructure/agent/simulated"
)

// whole is what NVML says of an event that is of no MIG instance.
const whole = 0xFFFFFFFF

// telling is a GPU that supports events of some types.
func telling(uuid string, types uint64) *mock.Device {
	return &mock.Device{
		GetUUIDFunc:                func() (string, gonvml.Return) { return uuid, gonvml.SUCCESS },
		GetSupportedEventTypesFunc: func() (uint64, gonvml.Return) { return types, gonvml.SUCCESS },
		RegisterEventsFunc: func(uint64, gonvml.EventSet) gonvml.Return {
			if types == 0 {
				return gonvml.ERROR_NOT_SUPPORTED
			}
			return gonvml.SUCCESS
		},
	}
}

// library has GPUs, whose event set answers with said, one after the other.
func library(t *testing.T, said []gonvml.Return, data []gonvml.EventData, gpus ...*mock.Device) (*nvml.Library, *mock.EventSet) {
	t.Helper()
	set := &mock.EventSet{FreeFunc: func() gonvml.Return { return gonvml.SUCCESS }}
	at := -1
	set.WaitFunc = func(milliseconds uint32) (gonvml.EventData, gonvml.Return) {
		assert.LessOrEqual(t, milliseconds, uint32(1000), "an agent that is to stop does not wait for long")
		if at++; at < len(said) {
			return data[at], said[at]
		}
		return gonvml.EventData{}, gonvml.ERROR_TIMEOUT
	}
	return nvml.New(&mock.Interface{
		EventSetCreateFunc:         func() (gonvml.EventSet, gonvml.Return) { return set, gonvml.SUCCESS },
		DeviceGetCountFunc:         func() (int, gonvml.Return) { return len(gpus), gonvml.SUCCESS },
		DeviceGetHandleByIndexFunc: func(i int) (gonvml.Device, gonvml.Return) { return gpus[i], gonvml.SUCCESS },
	}), set
}

func listen(t *testing.T, l *nvml.Library) (gpu.Events, error) {
	t.Helper()
	devices, err := l.Devices()
	require.NoError(t, err)
	return l.Events(devices)
}

const xid = gonvml.EventTypeXidCriticalError

func TestEventsNameTheirGPUAlsoOnceItIsLost(t *testing.T) {
	d := telling("GPU-a", xid|gonvml.EventTypeDoubleBitEccError)
	l, set := library(t,
		[]gonvml.Return{gonvml.ERROR_TIMEOUT, gonvml.SUCCESS, gonvml.SUCCESS, gonvml.SUCCESS, gonvml.SUCCESS},
		[]gonvml.EventData{
			{},
			{Device: d, EventType: xid, EventData: 79, GpuInstanceId: whole, ComputeInstanceId: whole},
			{Device: d, EventType: gonvml.EventTypeDoubleBitEccError, GpuInstanceId: whole, ComputeInstanceId: whole},
			{Device: d, EventType: xid, EventData: 43, GpuInstanceId: 7, ComputeInstanceId: 1},
			{EventType: xid, EventData: 48, GpuInstanceId: whole, ComputeInstanceId: whole},
		}, d)
	events, err := listen(t, l)
	require.NoError(t, err)
	d.GetUUIDFunc = func() (string, gonvml.Return) { return "", gonvml.ERROR_GPU_IS_LOST }
	for _, want := range []gpu.Event{
		{UUID: "GPU-a", XID: 79}, {UUID: "GPU-a", XID: gpu.ECCUncorrected}, {UUID: "GPU-a", XID: 43, Instance: "7/1"}, {XID: 48},
	} {
		e, err := events.Next(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, e)
	}
	require.NoError(t, events.Close())
	assert.Len(t, set.FreeCalls(), 1)
}

func TestWaitingEndsWithItsContextAndWithAnError(t *testing.T) {
	l, _ := library(t, []gonvml.Return{gonvml.ERROR_GPU_IS_LOST}, make([]gonvml.EventData, 1), telling("GPU-a", xid))
	events, err := listen(t, l)
	require.NoError(t, err)
	_, err = events.Next(t.Context())
	assert.ErrorIs(t, err, gpu.ErrLost)
	ctx, stop := context.WithTimeout(t.Context(), time.Millisecond)
	defer stop()
	_, err = events.Next(ctx)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestOnlyGPUsThatTellAnythingAreListenedTo(t *testing.T) {
	asked, mute := telling("GPU-a", xid|gonvml.EventTypeClock), telling("GPU-b", gonvml.EventTypeClock)
	l, _ := library(t, nil, nil, asked, mute)
	_, err := listen(t, l)
	require.NoError(t, err)
	assert.Empty(t, mute.RegisterEventsCalls())
	require.Len(t, asked.RegisterEventsCalls(), 1)
	assert.EqualValues(t, xid, asked.RegisterEventsCalls()[0].V, "nothing is asked for that it does not support")
	l, set := library(t, nil, nil, mute)
	_, err = listen(t, l)
	assert.ErrorIs(t, err, gpu.ErrNotSupported)
	assert.Len(t, set.FreeCalls(), 1)
}

func TestSimulatedGPUsTell(t *testing.T) {
	p, err := simulated.ParseProfile("t4x2")
	require.NoError(t, err)
	sim, err := simulated.New(p, "i-0abc", time.Now)
	require.NoError(t, err)
	l := nvml.New(sim)
	devices, err := l.Devices()
	require.NoError(t, err)
	want, err := devices[1].UUID()
	require.NoError(t, err)
	events, err := l.Events(devices)
	require.NoError(t, err)
	sim.Tell(1, 79)
	e, err := events.Next(t.Context())
	require.NoError(t, err)
	assert.Equal(t, gpu.Event{UUID: want, XID: 79}, e)
	before := l.DriverStart()
	sim.RestartDriver()
	assert.NotEqual(t, before, l.DriverStart())
}

func TestADriverWithoutTheNewNameIsAskedByTheOldOne(t *testing.T) {
	d := &mock.Device{GetCurrentClocksThrottleReasonsFunc: func() (uint64, gonvml.Return) {
		return gonvml.ClocksThrottleReasonHwPowerBrakeSlowdown, gonvml.SUCCESS
	}}
	l := nvml.New(&mock.Interface{
		DeviceGetCountFunc:         func() (int, gonvml.Return) { return 1, gonvml.SUCCESS },
		DeviceGetHandleByIndexFunc: func(int) (gonvml.Device, gonvml.Return) { return d, gonvml.SUCCESS },
		ExtensionsFunc: func() gonvml.ExtendedInterface {
			return &mock.ExtendedInterface{LookupSymbolFunc: func(string) error { return errors.New("undefined symbol") }}
		},
	})
	devices, err := l.Devices()
	require.NoError(t, err)
	slowed, err := devices[0].Slowed()
	require.NoError(t, err)
	assert.Equal(t, gpu.Slowed{PowerBrake: true}, slowed)
}
