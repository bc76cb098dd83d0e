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

// GetUtilizationRates is 5–95 %.
func (d *device) GetUtilizationRates() (nvml.Utilization, nvml.Return) {
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
