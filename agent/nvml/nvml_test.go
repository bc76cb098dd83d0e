package nvml_test

import (
	"cmp"
	"encoding/binary"
	"testing"

	gonvml "github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/nvml"
	"github.com/talmolab/lablink-infrastructure/api"
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
		GetPowerUsageFunc:            func() (uint32, gonvml.Return) { return 72500, ret },
		GetCudaComputeCapabilityFunc: func() (int, int, gonvml.Return) { return 8, 9, ret },
		GetTemperatureThresholdFunc: func(at gonvml.TemperatureThresholds) (uint32, gonvml.Return) {
			if at != gonvml.TEMPERATURE_THRESHOLD_SLOWDOWN {
				return 0, gonvml.ERROR_INVALID_ARGUMENT
			}
			return 92, ret
		},
		GetCurrentClocksEventReasonsFunc: func() (uint64, gonvml.Return) {
			return gonvml.ClocksThrottleReasonHwThermalSlowdown | gonvml.ClocksEventReasonSwPowerCap, ret
		},
		GetCurrPcieLinkGenerationFunc: func() (int, gonvml.Return) { return 1, ret },
		GetCurrPcieLinkWidthFunc:      func() (int, gonvml.Return) { return 8, ret },
		GetMaxPcieLinkGenerationFunc:  func() (int, gonvml.Return) { return 4, ret },
		GetMaxPcieLinkWidthFunc:       func() (int, gonvml.Return) { return 16, ret },
		GetRemappedRowsFunc: func() (int, int, bool, bool, gonvml.Return) {
			return 3, 1, true, false, ret
		},
		GetRetiredPagesPendingStatusFunc: func() (gonvml.EnableState, gonvml.Return) { return gonvml.FEATURE_ENABLED, ret },
		GetTotalEccErrorsFunc: func(kind gonvml.MemoryErrorType, of gonvml.EccCounterType) (uint64, gonvml.Return) {
			if of != gonvml.VOLATILE_ECC {
				return 0, gonvml.ERROR_INVALID_ARGUMENT
			}
			return 10 + uint64(kind), ret
		},
		GetFieldValuesFunc: func(fields []gonvml.FieldValue) gonvml.Return {
			if fields[0].FieldId == gonvml.FI_DEV_GET_GPU_RECOVERY_ACTION {
				binary.NativeEndian.PutUint32(fields[0].Value[:], uint32(gonvml.GPU_RECOVERY_ACTION_NODE_REBOOT))
			}
			return ret
		},
		GetMigModeFunc:           func() (int, int, gonvml.Return) { return gonvml.DEVICE_MIG_DISABLE, gonvml.DEVICE_MIG_ENABLE, ret },
		GetMaxMigDeviceCountFunc: func() (int, gonvml.Return) { return 2, ret },
		GetMigDeviceHandleByIndexFunc: func(i int) (gonvml.Device, gonvml.Return) {
			return &mock.Device{GetComputeRunningProcessesFunc: func() ([]gonvml.ProcessInfo, gonvml.Return) {
				return []gonvml.ProcessInfo{{Pid: 1}, {Pid: 2}}, ret
			}}, []gonvml.Return{gonvml.ERROR_NOT_FOUND, ret}[i]
		},
		GetComputeRunningProcessesFunc: func() ([]gonvml.ProcessInfo, gonvml.Return) {
			return nil, cmp.Or(ret, gonvml.ERROR_NO_PERMISSION) // as of one that is divided
		},
	}
	return nvml.New(&mock.Interface{
		ExtensionsFunc: func() gonvml.ExtendedInterface {
			return &mock.ExtendedInterface{LookupSymbolFunc: func(string) error { return nil }}
		},
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
	said["programs"], failed["programs"] = d.Programs()
	said["temperature"], failed["temperature"] = d.Temperature()
	said["power"], failed["power"] = d.Power()
	said["capability"], failed["capability"] = d.Capability()
	said["slows at"], failed["slows at"] = d.SlowsAt()
	said["slowed"], failed["slowed"] = d.Slowed()
	said["link"], failed["link"] = d.Link()
	said["link's maximum"], failed["link's maximum"] = d.LinkMax()
	said["remapping"], failed["remapping"] = d.Remapping()
	said["pages"], failed["pages"] = d.PagesPending()
	said["ecc"], failed["ecc"] = d.ECC()
	said["recovery"], failed["recovery"] = d.Recovery()
	said["instances"], failed["instances"] = d.Instances()
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
		"utilisation": uint32(7), "programs": 2, "temperature": uint32(41), "power": 72.5,
		"capability": gpu.Capability{Major: 8, Minor: 9}, "slows at": uint32(92), "slowed": gpu.Slowed{Thermal: true},
		"link": gpu.Link{Generation: 1, Width: 8}, "link's maximum": gpu.Link{Generation: 4, Width: 16},
		"remapping": gpu.Remapping{Pending: true}, "pages": true, "ecc": gpu.ECC{Corrected: 10, Uncorrected: 11},
		"recovery": gpu.RecoverReboot, "instances": []api.GPUInstance(nil),
	}, said)
	assert.NoError(t, l.Shutdown())
}

func TestReturnCodesKeepTheirMeaning(t *testing.T) {
	for ret, want := range map[gonvml.Return]error{
		gonvml.ERROR_NOT_SUPPORTED:      gpu.ErrNotSupported,
		gonvml.ERROR_FUNCTION_NOT_FOUND: gpu.ErrNotSupported,
		gonvml.ERROR_NO_DATA:            gpu.ErrNotSupported,
		gonvml.ERROR_NO_PERMISSION:      gpu.ErrNotSupported,
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
	assert.ErrorContains(t, err, "count GPUs: ")
	assert.ErrorIs(t, err, gonvml.ERROR_UNINITIALIZED)
}

func TestAMissingLibraryIsNoDriver(t *testing.T) {
	l := nvml.New(gonvml.New(gonvml.WithLibraryPath("libnvidia-ml.so.missing")))
	err := l.Init()
	assert.ErrorIs(t, err, gpu.ErrNoDriver)
	assert.ErrorContains(t, err, "no NVIDIA driver found (libnvidia-ml.so.1)")
}
