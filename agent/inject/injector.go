package inject

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
)

// Injector is a gpu.NVML that says what another one says, but for what was broken.
type Injector struct {
	gpu.NVML

	mu     sync.Mutex
	broken map[int]broken // by the place of the GPU
	driver error
	empty  bool          // the driver finds no GPU
	hangs  chan struct{} // closed when the driver answers again
	starts int
	uuids  []string // of the GPUs, by place
	told   chan gpu.Event
}

// broken is what is wrong with one GPU. Nil and zero is what NVML says itself.
type broken struct {
	lost, unreadable bool
	temperature      *uint32
	lanes            *uint32
	generation       *uint32
	busy             bool
	slowed           gpu.Slowed
	remapping        gpu.Remapping
	pages            bool
	recovery         gpu.Recovery
}

// maxTold is how many events wait for somebody who listens.
const maxTold = 100

// New returns an injector before nvml that has broken nothing.
func New(nvml gpu.NVML) *Injector {
	return &Injector{NVML: nvml, broken: map[int]broken{}, told: make(chan gpu.Event, maxTold)}
}

// Init fails while the driver is broken, and waits while it hangs.
func (i *Injector) Init() error {
	if err := i.driverFault(); err != nil {
		return err
	}
	return i.NVML.Init()
}

func (i *Injector) driverFault() error {
	i.mu.Lock()
	hangs := i.hangs
	i.mu.Unlock()
	if hangs != nil {
		<-hangs
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.driver
}

// DriverStart changes with the driver's, and when it was told to.
func (i *Injector) DriverStart() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.NVML.DriverStart() + "+" + strconv.Itoa(i.starts)
}

// Devices lists the GPUs, which lie where they are broken.
func (i *Injector) Devices() ([]gpu.Device, error) {
	if err := i.driverFault(); err != nil {
		return nil, err
	}
	devices, err := i.devices()
	if err != nil {
		return nil, err
	}
	out, uuids := make([]gpu.Device, len(devices)), make([]string, len(devices))
	for at, d := range devices {
		uuids[at], _ = d.UUID() // one without a name cannot tell anything
		out[at] = device{d, i, at}
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.uuids = uuids
	return out, nil
}

func (i *Injector) devices() ([]gpu.Device, error) {
	i.mu.Lock()
	empty := i.empty
	i.mu.Unlock()
	if empty {
		return nil, nil
	}
	return i.NVML.Devices()
}

// Events are those of the GPUs and those that are injected.
func (i *Injector) Events(devices []gpu.Device) (gpu.Events, error) {
	var own []gpu.Device
	for _, d := range devices {
		own = append(own, d.(device).Device)
	}
	events, err := i.NVML.Events(own)
	if err != nil && !errors.Is(err, gpu.ErrNotSupported) {
		return nil, err
	}
	return &ears{i, events, nil}, nil
}

// ears hears events of two kinds.
type ears struct {
	injector *Injector
	events   gpu.Events // nil where the GPUs tell nothing
	heard    chan heard
}

type heard struct {
	event gpu.Event
	err   error
}

// Next waits for an event of either kind.
func (e *ears) Next(ctx context.Context) (gpu.Event, error) {
	if e.heard == nil && e.events != nil {
		e.heard = make(chan heard, 1)
		go func() {
			event, err := e.events.Next(ctx)
			e.heard <- heard{event, err}
		}()
	}
	select {
	case event := <-e.injector.told:
		return event, nil
	case h := <-e.heard:
		e.heard = nil
		return h.event, h.err
	case <-ctx.Done():
		if e.heard != nil {
			<-e.heard // it ends with ctx as well
			e.heard = nil
		}
		return gpu.Event{}, ctx.Err()
	}
}

// Close gives the GPUs' events back.
func (e *ears) Close() error {
	if e.heard != nil {
		<-e.heard
	}
	if e.events == nil {
		return nil
	}
	return e.events.Close()
}

// errUnreadable is what a GPU answers that does not say how it is.
var errUnreadable = errors.New("ERROR_UNKNOWN (injected)")

// change breaks the GPU at a place.
func (i *Injector) change(at int, how func(*broken)) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if at < 0 || at >= len(i.uuids) {
		return fmt.Errorf("there is no GPU %d: the machine has %d of them, counted from 0", at, len(i.uuids))
	}
	b := i.broken[at]
	how(&b)
	i.broken[at] = b
	return nil
}

// at is how the GPU at a place is broken.
func (i *Injector) at(place int) broken {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.broken[place]
}
