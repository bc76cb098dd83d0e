package simulated

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/gpus"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/server"
)

// driverVersion is what the simulated machine says it runs.
const driverVersion = "560.28.03"

// Library is an nvml.Interface that answers what package nvml asks. Anything
// else that go-nvml's mocks do not answer panics.
type Library struct {
	*server.Server
	devices []*device
	starts  atomic.Int64
	told    chan nvml.EventData
}

// New simulates a machine with the GPUs of profile, which ParseProfile made.
// Machines with different seeds have GPUs with different UUIDs. Now is the
// clock that readings follow.
func New(profile Profile, seed string, now func() time.Time) (*Library, error) {
	m := models[profile.Name]
	s, err := server.New(
		server.WithGPUs(gpus.Multiple(profile.Count, m.config)...),
		server.WithDriverVersion(driverVersion))
	if err != nil {
		return nil, fmt.Errorf("simulate %d %s: %w", profile.Count, profile.Name, err)
	}
	l := &Library{Server: s, told: make(chan nvml.EventData, 100)}
	for i, d := range s.Devices {
		mock := d.(*server.Device)
		sum := sha256.Sum256(fmt.Appendf(nil, "%s/%d", seed, i))
		mock.UUID = fmt.Sprintf("GPU-%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
		phase := float64(binary.BigEndian.Uint16(sum[16:])) / (1 << 16)
		one := &device{Device: mock, model: m, phase: phase, now: now}
		one.divide(sum[:])
		l.devices = append(l.devices, one)
	}
	return l, nil
}

// DeviceGetHandleByIndex opens a GPU, which fails for a lost one. (The mock's
// own would also remember every call for ever.)
func (l *Library) DeviceGetHandleByIndex(i int) (nvml.Device, nvml.Return) {
	if i < 0 || i >= len(l.devices) {
		return nil, nvml.ERROR_INVALID_ARGUMENT
	}
	if l.devices[i].lost.Load() {
		return nil, nvml.ERROR_GPU_IS_LOST
	}
	return l.devices[i], nvml.SUCCESS
}

// Lose makes GPU i, counted from 0, fall off the bus (true) or come back.
func (l *Library) Lose(i int, lost bool) { l.devices[i].lost.Store(lost) }

// HideTemperature makes GPU i, counted from 0, not support its temperature
// (true) or support it again.
func (l *Library) HideTemperature(i int, hidden bool) { l.devices[i].templess.Store(hidden) }

// DriverStart changes with RestartDriver.
func (l *Library) DriverStart() string { return strconv.FormatInt(l.starts.Load(), 10) }

// NoGPU says that there may be one.
func (*Library) NoGPU() bool { return false }

// RestartDriver loads the driver anew, which resets the GPUs.
func (l *Library) RestartDriver() { l.starts.Add(1) }
