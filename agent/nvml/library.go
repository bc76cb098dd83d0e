package nvml

import (
	"fmt"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/talmolab/lablink-infrastructure/agent"
)

// Library is agent.NVML over go-nvml.
type Library struct{ nvml nvml.Interface }

// New adapts lib.
func New(lib nvml.Interface) *Library { return &Library{lib} }

// Real adapts the NVIDIA driver's libnvidia-ml.so.1. A machine without it
// makes Init fail with agent.ErrNoDriver, and nothing before that.
func Real() *Library { return New(nvml.New()) }

// Init loads and initialises the library.
func (l *Library) Init() error {
	return check("initialise NVML", l.nvml.Init())
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

// Devices lists the GPUs. One for which NVML gives no handle is listed too,
// and answers everything with the reason.
func (l *Library) Devices() ([]agent.Device, error) {
	count, ret := l.nvml.DeviceGetCount()
	if err := check("count GPUs", ret); err != nil {
		return nil, err
	}
	devices := make([]agent.Device, count)
	for i := range devices {
		d, ret := l.nvml.DeviceGetHandleByIndex(i)
		devices[i] = device{d, check(fmt.Sprintf("open GPU %d", i), ret)}
	}
	return devices, nil
}
