package simulated

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/server"
)

// period is how long the simulated work takes to grow and shrink once.
const period = 10 * time.Minute

// device is one GPU. What it overrides the mock would not answer, or would go
// on answering for a lost GPU.
type device struct {
	*server.Device
	model model
	// phase, 0–1, is where in its period this GPU is when others begin theirs.
	phase    float64
	now      func() time.Time
	lost     atomic.Bool
	templess atomic.Bool
	parts    []nvml.Device
}

// work is how busy the GPU is, 0.05–0.95.
func (d *device) work() float64 {
	at := float64(d.now().UnixMilli())/float64(period.Milliseconds()) + d.phase
	return 0.5 - 0.45*math.Cos(2*math.Pi*at)
}

func (d *device) state() nvml.Return {
	if d.lost.Load() {
		return nvml.ERROR_GPU_IS_LOST
	}
	return nvml.SUCCESS
}

// GetUUID is the GPU's UUID.
func (d *device) GetUUID() (string, nvml.Return) { return d.UUID, d.state() }

// GetName is the GPU's model.
func (d *device) GetName() (string, nvml.Return) { return d.Config.Name, d.state() }

// GetMemoryInfo is in bytes; 7–48 % of the memory is in use.
func (d *device) GetMemoryInfo() (nvml.Memory, nvml.Return) {
	total := d.MemoryInfo.Total
	used := uint64((0.05 + 0.45*d.work()) * float64(total))
	return nvml.Memory{Total: total, Used: used, Free: total - used}, d.state()
}

// GetUtilizationRates is 5–95 %. A GPU that is divided does not tell.
func (d *device) GetUtilizationRates() (nvml.Utilization, nvml.Return) {
	if d.model.mig > 0 {
		return nvml.Utilization{}, nvml.ERROR_NOT_SUPPORTED
	}
	percent := uint32(math.Round(100 * d.work()))
	return nvml.Utilization{Gpu: percent, Memory: percent / 2}, d.state()
}

// GetTemperature is 32–68 °C.
func (d *device) GetTemperature(nvml.TemperatureSensors) (uint32, nvml.Return) {
	if d.templess.Load() {
		return 0, nvml.ERROR_NOT_SUPPORTED
	}
	return uint32(math.Round(30 + 40*d.work())), d.state()
}

// GetPowerUsage is in milliwatts.
func (d *device) GetPowerUsage() (uint32, nvml.Return) {
	watts := d.model.idle + d.work()*(d.model.full-d.model.idle)
	return uint32(math.Round(1000 * watts)), d.state()
}

// GetTemperatureThreshold is the one at which the GPU slows down.
func (d *device) GetTemperatureThreshold(t nvml.TemperatureThresholds) (uint32, nvml.Return) {
	if t != nvml.TEMPERATURE_THRESHOLD_SLOWDOWN {
		return 0, nvml.ERROR_NOT_SUPPORTED
	}
	return d.model.slowsAt, d.state()
}

// GetCurrentClocksEventReasons is that nothing slows the GPU.
func (d *device) GetCurrentClocksEventReasons() (uint64, nvml.Return) {
	return nvml.ClocksEventReasonNone, d.state()
}

// GetCurrPcieLinkGeneration is 1 while the GPU has little to do, as links are then slow.
func (d *device) GetCurrPcieLinkGeneration() (int, nvml.Return) {
	if d.work() < 0.1 {
		return 1, d.state()
	}
	return d.model.generation, d.state()
}

// GetCurrPcieLinkWidth is how many lanes the GPU has here.
func (d *device) GetCurrPcieLinkWidth() (int, nvml.Return) { return d.model.lanes, d.state() }

// GetMaxPcieLinkGeneration is the most that the link can be.
func (d *device) GetMaxPcieLinkGeneration() (int, nvml.Return) {
	return d.model.generation, d.state()
}

// GetMaxPcieLinkWidth is how many lanes the GPU could have.
func (d *device) GetMaxPcieLinkWidth() (int, nvml.Return) { return d.model.width, d.state() }

// GetTotalEccErrors is that there were none.
func (d *device) GetTotalEccErrors(nvml.MemoryErrorType, nvml.EccCounterType) (uint64, nvml.Return) {
	return 0, d.state()
}

// GetRemappedRows is that no row was ever replaced. GPUs before Ampere have no spare
// ones, and one that is divided does not tell.
func (d *device) GetRemappedRows() (int, int, bool, bool, nvml.Return) {
	if d.Config.Architecture < nvml.DEVICE_ARCH_AMPERE || d.model.mig > 0 {
		return 0, 0, false, false, nvml.ERROR_NOT_SUPPORTED
	}
	return 0, 0, false, false, d.state()
}

// GetRetiredPagesPendingStatus is that no page waits to be retired.
func (d *device) GetRetiredPagesPendingStatus() (nvml.EnableState, nvml.Return) {
	if d.Config.Architecture >= nvml.DEVICE_ARCH_AMPERE {
		return nvml.FEATURE_DISABLED, nvml.ERROR_NOT_SUPPORTED
	}
	return nvml.FEATURE_DISABLED, d.state()
}

// GetFieldValues knows the recovery action, which is none.
func (d *device) GetFieldValues(fields []nvml.FieldValue) nvml.Return {
	for i := range fields {
		if fields[i].FieldId != nvml.FI_DEV_GET_GPU_RECOVERY_ACTION {
			fields[i].NvmlReturn = uint32(nvml.ERROR_NOT_SUPPORTED)
		}
	}
	return d.state()
}
