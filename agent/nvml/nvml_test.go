package nvml_test

import (
	"testing"

	gonvml "github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/nvml"
)

// one is a driver with one GPU that answers every question with ret.
func one(ret gonvml.Return) *nvml.Library {
	d := &mock.Device{
		GetUUIDFunc:             func() (string, gonvml.Return) { return "GPU-a", ret },
		GetNameFunc:             func() (string, gonvml.Return) { return "NVIDIA L4", ret },
		GetMemoryInfoFunc:       func() (gonvml.Memory, gonvml.Return) { return gonvml.Memory{Total: 24, Used: 5, Free: 19}, ret },
		GetUtilizationRatesFunc: func() (gonvml.Utilization, gonvml.Return) { return gonvml.Utilization{Gpu: 7, Memory: 3}, ret },
		GetTemperatureFunc: func(s gonvml.TemperatureSensors) (uint32, gonvml.Return) {
			if s != gonvml.TEMPERATURE_GPU {
				return 0, gonvml.ERROR_INVALID_ARGUMENT
			}
			return 41, ret
		},
		GetPowerUsageFunc: func() (uint32, gonvml.Return) { return 72500, ret },
	}
	return nvml.New(&mock.Interface{
		InitFunc:                   func() gonvml.Return { return ret },
		ShutdownFunc:               func() gonvml.Return { return ret },
		SystemGetDriverVersionFunc: func() (string, gonvml.Return) { return "535.1", ret },
		DeviceGetCountFunc:         func() (int, gonvml.Return) { return 1, gonvml.SUCCESS },
		DeviceGetHandleByIndexFunc: func(int) (gonvml.Device, gonvml.Return) { return d, gonvml.SUCCESS },
	})
}

// answers is what the only GPU says, by question.
func answers(t *testing.T, l *nvml.Library) (map[string]any, map[string]error) {
	devices, err := l.Devices()
	require.NoError(t, err)
	require.Len(t, devices, 1)
	d, said, failed := devices[0], map[string]any{}, map[string]error{}
	said["uuid"], failed["uuid"] = d.UUID()
	said["model"], failed["model"] = d.Model()
	said["total"], failed["total"] = d.MemoryTotal()
	said["used"], failed["used"] = d.MemoryUsed()
	said["utilisation"], failed["utilisation"] = d.Utilisation()
	said["temperature"], failed["temperature"] = d.Temperature()
	said["power"], failed["power"] = d.Power()
	return said, failed
}

func TestAnswersComeInTheAgentsUnits(t *testing.T) {
	l := one(gonvml.SUCCESS)
	require.NoError(t, l.Init())
	version, err := l.DriverVersion()
	require.NoError(t, err)
	assert.Equal(t, "535.1", version)
	said, failed := answers(t, l)
	for question, err := range failed {
		assert.NoError(t, err, question)
	}
	assert.Equal(t, map[string]any{
		"uuid": "GPU-a", "model": "NVIDIA L4", "total": uint64(24), "used": uint64(5),
		"utilisation": uint32(7), "temperature": uint32(41), "power": 72.5,
	}, said)
	assert.NoError(t, l.Shutdown())
}

func TestReturnCodesKeepTheirMeaning(t *testing.T) {
	for ret, want := range map[gonvml.Return]error{
		gonvml.ERROR_NOT_SUPPORTED:      gpu.ErrNotSupported,
		gonvml.ERROR_FUNCTION_NOT_FOUND: gpu.ErrNotSupported,
		gonvml.ERROR_NO_DATA:            gpu.ErrNotSupported,
		gonvml.ERROR_GPU_IS_LOST:        gpu.ErrLost,
		gonvml.ERROR_GPU_NOT_FOUND:      gpu.ErrLost,
		gonvml.ERROR_LIBRARY_NOT_FOUND:  gpu.ErrNoDriver,
		gonvml.ERROR_UNKNOWN:            gonvml.ERROR_UNKNOWN,
		gonvml.ERROR_RESET_REQUIRED:     gonvml.ERROR_RESET_REQUIRED,
	} {
		l := one(ret)
		assert.ErrorIs(t, l.Init(), want)
		assert.ErrorIs(t, l.Shutdown(), want)
		_, failed := answers(t, l)
		for question, err := range failed {
			assert.ErrorIs(t, err, want, question)
		}
	}
}

func TestAGPUThatCannotBeOpenedIsListedAndSaysWhy(t *testing.T) {
	l := nvml.New(&mock.Interface{
		DeviceGetCountFunc: func() (int, gonvml.Return) { return 1, gonvml.SUCCESS },
		DeviceGetHandleByIndexFunc: func(int) (gonvml.Device, gonvml.Return) {
			return nil, gonvml.ERROR_GPU_IS_LOST
		},
	})
	_, failed := answers(t, l)
	for question, err := range failed {
		assert.ErrorIs(t, err, gpu.ErrLost, question)
		assert.ErrorContains(t, err, "open GPU 0", question)
	}
}

func TestADriverThatCannotCountFails(t *testing.T) {
	l := nvml.New(&mock.Interface{
		DeviceGetCountFunc: func() (int, gonvml.Return) { return 0, gonvml.ERROR_UNINITIALIZED },
	})
	_, err := l.Devices()
	assert.ErrorContains(t, err, "count GPUs: ERROR_UNINITIALIZED")
}

func TestAMissingLibraryIsNoDriver(t *testing.T) {
	l := nvml.New(gonvml.New(gonvml.WithLibraryPath("libnvidia-ml.so.missing")))
	err := l.Init()
	assert.ErrorIs(t, err, gpu.ErrNoDriver)
	assert.ErrorContains(t, err, "no NVIDIA driver found (libnvidia-ml.so.1)")
}
