package nvml

import (
	"errors"
	"fmt"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
)

// Library is gpu.NVML over go-nvml.
type Library struct {
	nvml nvml.Interface
	host host
}

// host is what the machine tells of its driver beside NVML.
type host interface {
	// DriverStart changes when the driver is loaded anew.
	DriverStart() string
	// NoGPU reports whether the machine surely has no NVIDIA GPU.
	NoGPU() bool
}

// New adapts lib. Where it tells of the driver what only the machine knows, as
// DriverStart, that counts.
func New(lib nvml.Interface) *Library {
	h, ok := lib.(host)
	if !ok {
		h = silent{}
	}
	return &Library{lib, h}
}

// Real adapts the NVIDIA driver's libnvidia-ml.so.1. A machine without it
// makes Init fail with gpu.ErrNoDriver, and nothing before that.
func Real() *Library { return &Library{nvml.New(), linux{"/sys"}} }

// Init loads and initialises the library. A driver that is not loaded, on a machine
// without an NVIDIA GPU, is none: images for GPUs also run elsewhere.
func (l *Library) Init() error {
	err := check("initialise NVML", l.nvml.Init())
	if errors.Is(err, errNotLoaded) && l.host.NoGPU() {
		return fmt.Errorf("%w: there is no NVIDIA GPU", gpu.ErrNoDriver)
	}
	return err
}

// Shutdown gives the library back.
func (l *Library) Shutdown() error {
	return check("shut NVML down", l.nvml.Shutdown())
}

// DriverVersion is the version of the NVIDIA driver.
func (l *Library) DriverVersion() (string, error) {
	version, ret := l.nvml.SystemGetDriverVersion()
	return version, check("ask for the driver's version", ret)
}

// DriverStart changes when the driver is loaded anew.
func (l *Library) DriverStart() string { return l.host.DriverStart() }

// Devices lists the GPUs. One for which NVML gives no handle is listed too,
// and answers everything with the reason.
func (l *Library) Devices() ([]gpu.Device, error) {
	count, ret := l.nvml.DeviceGetCount()
	if err := check("count GPUs", ret); err != nil {
		return nil, err
	}
	devices := make([]gpu.Device, count)
	for i := range devices {
		d, ret := l.nvml.DeviceGetHandleByIndex(i)
		devices[i] = device{d, l.nvml, check(fmt.Sprintf("open GPU %d", i), ret)}
	}
	return devices, nil
}
