package agent_test

import (
	"fmt"
	"sync"

	gpus "github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// fakeNVML is a machine's GPUs, changed by tests while the agent looks.
type fakeNVML struct {
	mu       sync.Mutex
	initErr  error
	listErr  error
	open     bool
	inits    int
	devices  []*fakeGPU
	shutdown int
}

func (n *fakeNVML) change(f func()) {
	n.mu.Lock()
	defer n.mu.Unlock()
	f()
}

func (n *fakeNVML) Init() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.inits++
	n.open = n.initErr == nil
	return n.initErr
}

func (n *fakeNVML) Shutdown() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.open = false
	n.shutdown++
	return nil
}

func (n *fakeNVML) DriverStart() string { return "" }

// Events tells nothing: what events mean is for package gpu to test.
func (n *fakeNVML) Events([]gpus.Device) (gpus.Events, error) {
	return nil, fmt.Errorf("events: %w", gpus.ErrNotSupported)
}

func (n *fakeNVML) DriverVersion() (string, error) { return "560.28.03", nil }

func (n *fakeNVML) Devices() ([]gpus.Device, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listErr != nil {
		return nil, n.listErr
	}
	var out []gpus.Device
	for _, d := range n.devices {
		out = append(out, device{n, d})
	}
	return out, nil
}

// fakeGPU answers with fixed numbers, except where fails names a question.
type fakeGPU struct {
	uuid  string
	fails map[string]error
}

func gpu(uuid string) *fakeGPU { return &fakeGPU{uuid: uuid, fails: map[string]error{}} }

func (g *fakeGPU) failing(err error, questions ...string) *fakeGPU {
	for _, q := range questions {
		g.fails[q] = err
	}
	return g
}

// everything that a GPU can be asked.
var everything = []string{"uuid", "model", "total", "used", "utilisation", "temperature", "power"}

type device struct {
	nvml *fakeNVML
	gpu  *fakeGPU
}

func (d device) fails(question string) error {
	d.nvml.mu.Lock()
	defer d.nvml.mu.Unlock()
	return d.gpu.fails[question]
}

func (d device) UUID() (string, error)        { return d.gpu.uuid, d.fails("uuid") }
func (d device) Model() (string, error)       { return "NVIDIA H100", d.fails("model") }
func (d device) MemoryTotal() (uint64, error) { return 80 << 30, d.fails("total") }
func (d device) MemoryUsed() (uint64, error)  { return 3 << 30, d.fails("used") }
func (d device) Utilisation() (uint32, error) { return 40, d.fails("utilisation") }
func (d device) Temperature() (uint32, error) { return 55, d.fails("temperature") }
func (d device) Power() (float64, error)      { return 312.5, d.fails("power") }

// What these GPUs do not tell.
func (d device) Capability() (gpus.Capability, error)  { return gpus.Capability{}, gpus.ErrNotSupported }
func (d device) Programs() (int, error)                { return 0, gpus.ErrNotSupported }
func (d device) SlowsAt() (uint32, error)              { return 0, gpus.ErrNotSupported }
func (d device) Slowed() (gpus.Slowed, error)          { return gpus.Slowed{}, gpus.ErrNotSupported }
func (d device) Link() (gpus.Link, error)              { return gpus.Link{}, gpus.ErrNotSupported }
func (d device) LinkMax() (gpus.Link, error)           { return gpus.Link{}, gpus.ErrNotSupported }
func (d device) Remapping() (gpus.Remapping, error)    { return gpus.Remapping{}, gpus.ErrNotSupported }
func (d device) PagesPending() (bool, error)           { return false, gpus.ErrNotSupported }
func (d device) ECC() (gpus.ECC, error)                { return gpus.ECC{}, gpus.ErrNotSupported }
func (d device) Recovery() (gpus.Recovery, error)      { return 0, gpus.ErrNotSupported }
func (d device) Instances() ([]api.GPUInstance, error) { return nil, gpus.ErrNotSupported }
