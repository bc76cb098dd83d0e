package nvml

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// device is gpu.Device. Closed says why there is no handle to ask.
type device struct {
	nvml   nvml.Device
	lib    nvml.Interface
	closed error
}

func (d device) UUID() (string, error) {
	return ask(d, "ask for the UUID", nvml.Device.GetUUID)
}

func (d device) Model() (string, error) {
	return ask(d, "ask for the model", nvml.Device.GetName)
}

func (d device) Capability() (gpu.Capability, error) {
	return ask(d, "ask for the compute capability", func(d nvml.Device) (gpu.Capability, nvml.Return) {
		major, minor, ret := d.GetCudaComputeCapability()
		return gpu.Capability{Major: major, Minor: minor}, ret
	})
}

func (d device) MemoryTotal() (uint64, error) {
	m, err := ask(d, "ask for the memory's size", nvml.Device.GetMemoryInfo)
	return m.Total, err
}

func (d device) MemoryUsed() (uint64, error) {
	m, err := ask(d, "ask for the memory in use", nvml.Device.GetMemoryInfo)
	return m.Used, err
}

func (d device) Utilisation() (uint32, error) {
	u, err := ask(d, "ask for the utilisation", nvml.Device.GetUtilizationRates)
	return u.Gpu, err
}

func (d device) Temperature() (uint32, error) {
	return ask(d, "ask for the temperature", func(d nvml.Device) (uint32, nvml.Return) {
		return d.GetTemperature(nvml.TEMPERATURE_GPU)
	})
}

func (d device) SlowsAt() (uint32, error) {
	return ask(d, "ask for the temperature's limit", func(d nvml.Device) (uint32, nvml.Return) {
		return d.GetTemperatureThreshold(nvml.TEMPERATURE_THRESHOLD_SLOWDOWN)
	})
}

// Slowed asks by the name that drivers since R535 have for it, where there is one. A
// name that a driver does not have must not be called: that ends the program.
func (d device) Slowed() (gpu.Slowed, error) {
	question := nvml.Device.GetCurrentClocksThrottleReasons // older drivers have no other
	if d.closed == nil && d.lib.Extensions().LookupSymbol("nvmlDeviceGetCurrentClocksEventReasons") == nil {
		question = nvml.Device.GetCurrentClocksEventReasons
	}
	why, err := ask(d, "ask why the clocks are slowed", question)
	return gpu.Slowed{
		Thermal:    why&nvml.ClocksThrottleReasonHwThermalSlowdown != 0,
		PowerBrake: why&nvml.ClocksThrottleReasonHwPowerBrakeSlowdown != 0,
	}, err
}

// Power converts NVML's milliwatts to watts.
func (d device) Power() (float64, error) {
	milliwatts, err := ask(d, "ask for the power", nvml.Device.GetPowerUsage)
	return float64(milliwatts) / 1000, err
}

func (d device) Link() (gpu.Link, error) {
	return d.link("ask for the PCIe link", nvml.Device.GetCurrPcieLinkGeneration, nvml.Device.GetCurrPcieLinkWidth)
}

func (d device) LinkMax() (gpu.Link, error) {
	return d.link("ask for the PCIe link's maximum", nvml.Device.GetMaxPcieLinkGeneration, nvml.Device.GetMaxPcieLinkWidth)
}

func (d device) link(what string, generation, width func(nvml.Device) (int, nvml.Return)) (gpu.Link, error) {
	g, err := ask(d, what, generation)
	if err != nil {
		return gpu.Link{}, err
	}
	w, err := ask(d, what, width)
	return gpu.Link{Generation: uint32(g), Width: uint32(w)}, err //nolint:gosec // small numbers
}

func (d device) Remapping() (gpu.Remapping, error) {
	return ask(d, "ask for remapped rows", func(d nvml.Device) (gpu.Remapping, nvml.Return) {
		_, _, pending, failed, ret := d.GetRemappedRows()
		return gpu.Remapping{Pending: pending, Failed: failed}, ret
	})
}

func (d device) PagesPending() (bool, error) {
	pending, err := ask(d, "ask for pages to be retired", nvml.Device.GetRetiredPagesPendingStatus)
	return pending == nvml.FEATURE_ENABLED, err
}

func (d device) ECC() (gpu.ECC, error) {
	count := func(kind nvml.MemoryErrorType) (uint64, error) {
		return ask(d, "count errors of memory", func(d nvml.Device) (uint64, nvml.Return) {
			return d.GetTotalEccErrors(kind, nvml.VOLATILE_ECC)
		})
	}
	corrected, err := count(nvml.MEMORY_ERROR_TYPE_CORRECTED)
	if err != nil {
		return gpu.ECC{}, err
	}
	uncorrected, err := count(nvml.MEMORY_ERROR_TYPE_UNCORRECTED)
	return gpu.ECC{Corrected: corrected, Uncorrected: uncorrected}, err
}

// recoveries are what drivers say, and what it means here. Draining for other GPUs'
// sake (P2P) means nothing to one machine's desktop.
var recoveries = map[nvml.DeviceGpuRecoveryAction]gpu.Recovery{
	nvml.GPU_RECOVERY_ACTION_GPU_RESET:       gpu.RecoverReset,
	nvml.GPU_RECOVERY_ACTION_NODE_REBOOT:     gpu.RecoverReboot,
	nvml.GPU_RECOVERY_ACTION_DRAIN_AND_RESET: gpu.RecoverDrain,
	nvml.GPU_RECOVERY_ACTION_BUS_RESET:       gpu.RecoverReboot,
	nvml.GPU_RECOVERY_ACTION_SYSTEM_REBOOT:   gpu.RecoverReboot,
}

// Recovery asks for a field, which a driver that does not know it refuses in words.
func (d device) Recovery() (gpu.Recovery, error) {
	return ask(d, "ask for the recovery action", func(d nvml.Device) (gpu.Recovery, nvml.Return) {
		fields := []nvml.FieldValue{{FieldId: nvml.FI_DEV_GET_GPU_RECOVERY_ACTION}}
		if ret := d.GetFieldValues(fields); ret != nvml.SUCCESS {
			return 0, ret
		}
		if ret := nvml.Return(fields[0].NvmlReturn); ret != nvml.SUCCESS { //nolint:gosec // NVML's own codes
			return 0, nvml.ERROR_NOT_SUPPORTED
		}
		said := binary.NativeEndian.Uint32(fields[0].Value[:])
		return recoveries[nvml.DeviceGpuRecoveryAction(said)], nvml.SUCCESS //nolint:gosec // small numbers
	})
}

// Instances lists the MIG instances. A place may be empty.
func (d device) Instances() ([]api.GPUInstance, error) {
	now, err := ask(d, "ask for MIG", func(d nvml.Device) (int, nvml.Return) {
		now, _, ret := d.GetMigMode()
		return now, ret
	})
	if err != nil || now != nvml.DEVICE_MIG_ENABLE {
		return nil, err
	}
	out := []api.GPUInstance{}
	parts, err := d.parts()
	for i, one := range parts {
		uuid, err := one.UUID()
		if err != nil {
			return out, fmt.Errorf("MIG instance %d: %w", i, err)
		}
		model, _ := one.Model()
		memory, _ := one.MemoryTotal() // what it does not tell is not known
		out = append(out, api.GPUInstance{UUID: uuid, Model: model, Memory: memory})
	}
	return out, err
}

// parts are the MIG instances of a GPU that is divided.
func (d device) parts() ([]device, error) {
	places, err := ask(d, "count MIG instances", nvml.Device.GetMaxMigDeviceCount)
	var out []device
	for i := range places {
		if part, ret := d.nvml.GetMigDeviceHandleByIndex(i); ret == nvml.SUCCESS {
			out = append(out, device{part, d.lib, nil})
		}
	}
	return out, err
}

// Programs asks each MIG instance: a GPU that is divided tells root alone.
func (d device) Programs() (int, error) {
	parts, err := d.parts()
	if err != nil && !errors.Is(err, gpu.ErrNotSupported) {
		return 0, err
	}
	if len(parts) == 0 {
		parts = []device{d}
	}
	count := 0
	for _, one := range parts {
		found, err := ask(one, "ask which programs compute", nvml.Device.GetComputeRunningProcesses)
		if err != nil {
			return 0, err
		}
		count += len(found)
	}
	return count, nil
}

func ask[T any](d device, what string, question func(nvml.Device) (T, nvml.Return)) (T, error) {
	if d.closed != nil {
		var none T
		return none, d.closed
	}
	answer, ret := question(d.nvml)
	return answer, check(what, ret)
}
