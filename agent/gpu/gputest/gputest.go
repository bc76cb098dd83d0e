// Package gputest is GPUs for tests, without NVIDIA's library, and what every rule of
// package gpu makes of which fault.
package gputest

import (
	"context"
	"fmt"
	"sync"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Machine is a machine's GPUs, which are well. A test changes it between two looks.
type Machine struct {
	mu sync.Mutex
	// GPUs are those that the driver lists.
	GPUs []GPU
	// InitErr is what Init fails with.
	InitErr error
	// Start is which start of the driver it is.
	Start string
	// Mute says that the GPUs tell nothing by themselves.
	Mute bool

	told chan gpu.Event
	// Open counts Init without Shutdown, and Ears the Events that are not closed.
	Open, Ears int
}

// GPU is one GPU.
type GPU struct {
	ID, Name   string
	Capability gpu.Capability
	Lanes      uint32
	Generation uint32
	Parts      []api.GPUInstance
}

// T4 is a GPU before Ampere.
func T4(uuid string) GPU { return GPU{uuid, "Tesla T4", gpu.Capability{Major: 7, Minor: 5}, 8, 3, nil} }

// A10G is a GPU since Ampere.
func A10G(uuid string) GPU {
	return GPU{uuid, "NVIDIA A10G", gpu.Capability{Major: 8, Minor: 6}, 8, 3, nil}
}

// New returns a machine with GPUs.
func New(gpus ...GPU) *Machine {
	return &Machine{GPUs: gpus, Start: "1", told: make(chan gpu.Event, 200)}
}

// Change changes the machine while it may be looked at.
func (m *Machine) Change(how func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	how()
}

// Tell has a GPU tell an event.
func (m *Machine) Tell(e gpu.Event) { m.told <- e }

// Deafen makes whoever listens fail, as when a GPU is lost.
func (m *Machine) Deafen() { m.told <- gpu.Event{UUID: deaf} }

const deaf = "deaf"

// Init loads nothing.
func (m *Machine) Init() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.InitErr == nil {
		m.Open++
	}
	return m.InitErr
}

// Shutdown gives nothing back.
func (m *Machine) Shutdown() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.Open--
	return nil
}

// DriverVersion is the driver's version.
func (m *Machine) DriverVersion() (string, error) { return "570.86.15", nil }

// DriverStart is which start of the driver it is.
func (m *Machine) DriverStart() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.Start
}

// Devices lists the GPUs.
func (m *Machine) Devices() ([]gpu.Device, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := make([]gpu.Device, len(m.GPUs))
	for i, g := range m.GPUs {
		out[i] = device{g}
	}
	return out, m.InitErr
}

// Events hears what Tell tells.
func (m *Machine) Events([]gpu.Device) (gpu.Events, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.Mute {
		return nil, fmt.Errorf("listen: %w", gpu.ErrNotSupported)
	}
	m.Ears++
	return ears{m}, nil
}

type ears struct{ machine *Machine }

func (e ears) Next(ctx context.Context) (gpu.Event, error) {
	select {
	case event := <-e.machine.told:
		if event.UUID == deaf {
			return gpu.Event{}, fmt.Errorf("wait for events: %w", gpu.ErrLost)
		}
		return event, nil
	case <-ctx.Done():
		return gpu.Event{}, ctx.Err()
	}
}

func (e ears) Close() error {
	e.machine.mu.Lock()
	defer e.machine.mu.Unlock()
	e.machine.Ears--
	return nil
}

// device answers as a GPU that is well and has something to do.
type device struct{ gpu GPU }

func (d device) UUID() (string, error)               { return d.gpu.ID, nil }
func (d device) Model() (string, error)              { return d.gpu.Name, nil }
func (d device) Capability() (gpu.Capability, error) { return d.gpu.Capability, nil }
func (d device) MemoryTotal() (uint64, error)        { return 24 << 30, nil }
func (d device) MemoryUsed() (uint64, error)         { return 3 << 30, nil }
func (d device) Utilisation() (uint32, error)        { return 5, nil }
func (d device) Programs() (int, error)              { return 0, gpu.ErrNotSupported }
func (d device) Temperature() (uint32, error)        { return 55, nil }
func (d device) SlowsAt() (uint32, error)            { return 93, nil }
func (d device) Slowed() (gpu.Slowed, error)         { return gpu.Slowed{}, nil }
func (d device) Power() (float64, error)             { return 61.5, nil }
func (d device) Link() (gpu.Link, error) {
	return gpu.Link{Generation: d.gpu.Generation, Width: d.gpu.Lanes}, nil
}
func (d device) LinkMax() (gpu.Link, error)            { return gpu.Link{Generation: 3, Width: 16}, nil }
func (d device) ECC() (gpu.ECC, error)                 { return gpu.ECC{Corrected: 1}, nil }
func (d device) Recovery() (gpu.Recovery, error)       { return gpu.RecoverNothing, nil }
func (d device) Instances() ([]api.GPUInstance, error) { return d.gpu.Parts, nil }

func (d device) Remapping() (gpu.Remapping, error) {
	if d.gpu.Capability.Major < 8 {
		return gpu.Remapping{}, gpu.ErrNotSupported
	}
	return gpu.Remapping{}, nil
}

func (d device) PagesPending() (bool, error) {
	if d.gpu.Capability.Major >= 8 {
		return false, gpu.ErrNotSupported
	}
	return false, nil
}
