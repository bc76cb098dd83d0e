package simulated

import (
	"fmt"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
)

// instanceMiB is the memory of the smallest instance of an A100 with 40 GB (1g.5gb), in
// MiB.
const instanceMiB = 4864

// working is from which share of its rhythm on a program computes on the first instance.
const working = 0.5

// divide makes the MIG instances that the model has, whose UUIDs follow from sum.
func (d *device) divide(sum []byte) {
	for i := range d.model.mig {
		d.parts = append(d.parts, &mock.Device{
			GetUUIDFunc: func() (string, nvml.Return) {
				return fmt.Sprintf("MIG-%x-%x-%x-%x-%x%02x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:15], i), d.state()
			},
			GetNameFunc: func() (string, nvml.Return) { return d.Config.Name + " MIG 1g.5gb", d.state() },
			GetComputeRunningProcessesFunc: func() ([]nvml.ProcessInfo, nvml.Return) {
				if i > 0 || d.work() < working {
					return nil, d.state()
				}
				return []nvml.ProcessInfo{{Pid: 4711}}, d.state()
			},
			GetMemoryInfoFunc: func() (nvml.Memory, nvml.Return) {
				return nvml.Memory{Total: instanceMiB << 20, Free: instanceMiB << 20}, d.state()
			},
		})
	}
}

// GetMigMode is whether the GPU is divided.
func (d *device) GetMigMode() (int, int, nvml.Return) {
	if d.model.mig > 0 {
		return nvml.DEVICE_MIG_ENABLE, nvml.DEVICE_MIG_ENABLE, d.state()
	}
	return nvml.DEVICE_MIG_DISABLE, nvml.DEVICE_MIG_DISABLE, d.state()
}

// GetMaxMigDeviceCount is how many instances there may be.
func (d *device) GetMaxMigDeviceCount() (int, nvml.Return) { return len(d.parts), d.state() }

// GetMigDeviceHandleByIndex opens an instance.
func (d *device) GetMigDeviceHandleByIndex(i int) (nvml.Device, nvml.Return) {
	if i < 0 || i >= len(d.parts) {
		return nil, nvml.ERROR_NOT_FOUND
	}
	return d.parts[i], d.state()
}
