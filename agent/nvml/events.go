package nvml

import (
	"context"
	"fmt"

	"github.com/NVIDIA/go-nvml/pkg/nvml"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
)

// wanted are the events that are listened to.
const wanted = nvml.EventTypeXidCriticalError | nvml.EventTypeDoubleBitEccError | nvml.EventTypeSingleBitEccError

// slice is for how long NVML is let wait at once, in milliseconds: it cannot be
// interrupted.
const slice = 500

// events is gpu.Events over an event set.
type events struct {
	set   nvml.EventSet
	names map[nvml.Device]string // a GPU that is lost does not say its name any more
}

// Events listens to the devices that tell anything.
func (l *Library) Events(devices []gpu.Device) (gpu.Events, error) {
	set, ret := l.nvml.EventSetCreate()
	if err := check("make a set of events", ret); err != nil {
		return nil, err
	}
	e := &events{set, map[nvml.Device]string{}}
	var last error
	for _, one := range devices {
		if d, ok := one.(device); ok && d.closed == nil {
			if err := e.register(d.nvml); err != nil {
				last = err
			}
		}
	}
	if len(e.names) > 0 {
		return e, nil
	}
	_ = e.Close() // nothing is lost with it
	if last == nil {
		last = fmt.Errorf("listen to the GPUs: %w", gpu.ErrNotSupported)
	}
	return nil, last
}

// register listens to a device for what it supports of what is wanted.
func (e *events) register(d nvml.Device) error {
	types, ret := d.GetSupportedEventTypes()
	if err := check("ask which events there are", ret); err != nil {
		return err
	}
	if types&wanted == 0 {
		return fmt.Errorf("listen to a GPU: %w", gpu.ErrNotSupported)
	}
	if err := check("listen to a GPU", d.RegisterEvents(types&wanted, e.set)); err != nil {
		return err
	}
	uuid, _ := d.GetUUID() // one without a name is told of without it
	e.names[d] = uuid
	return nil
}

// Next waits in slices, and looks in between whether it is to go on.
func (e *events) Next(ctx context.Context) (gpu.Event, error) {
	for ctx.Err() == nil {
		data, ret := e.set.Wait(slice)
		if ret == nvml.ERROR_TIMEOUT {
			continue
		}
		if err := check("wait for events", ret); err != nil {
			return gpu.Event{}, err
		}
		return e.event(data), nil
	}
	return gpu.Event{}, ctx.Err()
}

// event translates an event of NVML.
func (e *events) event(data nvml.EventData) gpu.Event {
	out := gpu.Event{UUID: e.names[data.Device], XID: data.EventData}
	if out.UUID == "" && data.Device != nil {
		out.UUID, _ = data.Device.GetUUID()
	}
	switch data.EventType {
	case nvml.EventTypeDoubleBitEccError:
		out.XID = gpu.ECCUncorrected
	case nvml.EventTypeSingleBitEccError:
		out.XID = gpu.ECCCorrected
	}
	const whole = 0xFFFFFFFF // NVML's word for "not of an instance"
	if data.GpuInstanceId != whole && data.ComputeInstanceId != whole && data.EventType == nvml.EventTypeXidCriticalError {
		out.Instance = fmt.Sprintf("%d/%d", data.GpuInstanceId, data.ComputeInstanceId)
	}
	return out
}

// Close gives the set back.
func (e *events) Close() error { return check("give a set of events back", e.set.Free()) }
