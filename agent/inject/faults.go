package inject

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
)

// Order says what to break, of which GPU.
type Order struct {
	Fault string `json:"fault"`
	Value string `json:"value,omitempty"`
	GPU   int    `json:"gpu"`
}

// fault is one that can be injected.
type fault struct {
	// values are the values that it takes, or what a number is of.
	values []string
	number string
	do     func(i *Injector, at int, value string, n uint64) error
}

// faults are all that can be injected. A change of one GPU is undone by "clear".
var faults = map[string]fault{
	"xid": {number: "the XID, for example 79", do: func(i *Injector, at int, _ string, n uint64) error {
		return i.tell(at, n)
	}},
	"ecc": {do: func(i *Injector, at int, _ string, _ uint64) error {
		return i.tell(at, gpu.ECCUncorrected)
	}},
	"lost": {do: func(i *Injector, at int, _ string, _ uint64) error {
		return i.change(at, func(b *broken) { b.lost = true })
	}},
	"unreadable": {do: func(i *Injector, at int, _ string, _ uint64) error {
		return i.change(at, func(b *broken) { b.unreadable = true })
	}},
	"temperature": {number: "degrees Celsius", do: func(i *Injector, at int, _ string, n uint64) error {
		return i.change(at, func(b *broken) { b.temperature = new(uint32(n)) })
	}},
	"lanes": {number: "PCIe lanes", do: func(i *Injector, at int, _ string, n uint64) error {
		return i.change(at, func(b *broken) { b.lanes = new(uint32(n)) })
	}},
	"generation": {number: "the PCIe generation that a busy GPU has", do: func(i *Injector, at int, _ string, n uint64) error {
		return i.change(at, func(b *broken) { b.generation, b.busy = new(uint32(n)), true })
	}},
	"slowed": {values: []string{"thermal", "power"}, do: func(i *Injector, at int, value string, _ uint64) error {
		return i.change(at, func(b *broken) { b.slowed = gpu.Slowed{Thermal: value == "thermal", PowerBrake: value == "power"} })
	}},
	"rows": {values: []string{"pending", "failed"}, do: func(i *Injector, at int, value string, _ uint64) error {
		return i.change(at, func(b *broken) { b.remapping = gpu.Remapping{Pending: value == "pending", Failed: value == "failed"} })
	}},
	"pages": {do: func(i *Injector, at int, _ string, _ uint64) error {
		return i.change(at, func(b *broken) { b.pages = true })
	}},
	"recovery": {values: slices.Sorted(maps.Keys(recoveries)), do: func(i *Injector, at int, value string, _ uint64) error {
		return i.change(at, func(b *broken) { b.recovery = recoveries[value] })
	}},
	"driver": {values: []string{"broken", "empty", "gone", "hangs", "restart"}, do: func(i *Injector, _ int, value string, _ uint64) error {
		i.breakDriver(value)
		return nil
	}},
	"clear": {do: func(i *Injector, _ int, _ string, _ uint64) error {
		i.mu.Lock()
		defer i.mu.Unlock()
		clear(i.broken)
		i.mendDriver()
		return nil
	}},
}

var recoveries = map[string]gpu.Recovery{"reset": gpu.RecoverReset, "reboot": gpu.RecoverReboot, "drain": gpu.RecoverDrain}

// Apply breaks what an order says. What it means is seen at the next look.
func (i *Injector) Apply(o Order) error {
	f, n, err := o.check()
	if err != nil {
		return err
	}
	return f.do(i, o.GPU, o.Value, n)
}

// Check says what is wrong with an order.
func (o Order) Check() error {
	_, _, err := o.check()
	return err
}

func (o Order) check() (fault, uint64, error) {
	f, ok := faults[o.Fault]
	if !ok {
		return f, 0, fmt.Errorf("%q is no fault that can be injected: choose one of %s", o.Fault, strings.Join(Names(), ", "))
	}
	switch {
	case f.number != "":
		n, err := strconv.ParseUint(o.Value, 10, 31)
		if err != nil {
			return f, 0, fmt.Errorf("%s %q: give a number: %s", o.Fault, o.Value, f.number)
		}
		return f, n, nil
	case len(f.values) > 0 && !slices.Contains(f.values, o.Value):
		return f, 0, fmt.Errorf("%s %q: choose one of %s", o.Fault, o.Value, strings.Join(f.values, ", "))
	case len(f.values) == 0 && o.Value != "":
		return f, 0, fmt.Errorf("%s takes no value, and %q was given", o.Fault, o.Value)
	}
	return f, 0, nil
}

// Names are the faults that can be injected.
func Names() []string { return slices.Sorted(maps.Keys(faults)) }

// tell lets a GPU tell an event.
func (i *Injector) tell(at int, number uint64) error {
	err := i.change(at, func(*broken) {}) // is it there?
	if err != nil {
		return err
	}
	i.mu.Lock()
	uuid := i.uuids[at]
	i.mu.Unlock()
	select {
	case i.told <- gpu.Event{UUID: uuid, XID: number}:
		return nil
	default:
		return errors.New("too many events wait to be heard; the agent may not be looking at its GPUs")
	}
}

// breakDriver breaks the driver, takes it or its GPUs away, or loads it anew.
func (i *Injector) breakDriver(how string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.mendDriver()
	switch how {
	case "broken":
		i.driver = errors.New("ERROR_UNKNOWN (injected)")
	case "empty":
		i.empty = true
	case "gone":
		i.driver = fmt.Errorf("initialise NVML: %w", gpu.ErrNoDriver)
	case "hangs":
		i.hangs = make(chan struct{})
	case "restart":
		i.starts++
	}
}

// mendDriver lets the driver work as it does.
func (i *Injector) mendDriver() {
	if i.hangs != nil {
		close(i.hangs)
	}
	i.driver, i.empty, i.hangs = nil, false, nil
}
