package simulated

import (
	"time"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock"
)

// Tell makes GPU i, counted from 0, tell an XID to whoever listens.
func (l *Library) Tell(i int, xid uint64) {
	const whole = 0xFFFFFFFF // not of an instance
	l.told <- nvml.EventData{
		Device: l.devices[i], EventType: nvml.EventTypeXidCriticalError, EventData: xid,
		GpuInstanceId: whole, ComputeInstanceId: whole,
	}
}

// EventSetCreate makes a set that hears what Tell tells.
func (l *Library) EventSetCreate() (nvml.EventSet, nvml.Return) {
	return &mock.EventSet{
		WaitFunc: l.wait,
		FreeFunc: func() nvml.Return { return nvml.SUCCESS },
	}, nvml.SUCCESS
}

func (l *Library) wait(milliseconds uint32) (nvml.EventData, nvml.Return) {
	timer := time.NewTimer(time.Duration(milliseconds) * time.Millisecond)
	defer timer.Stop()
	select {
	case data := <-l.told:
		return data, nvml.SUCCESS
	case <-timer.C:
		return nvml.EventData{}, nvml.ERROR_TIMEOUT
	}
}

// GetSupportedEventTypes is XIDs and errors of memory.
func (d *device) GetSupportedEventTypes() (uint64, nvml.Return) {
	return nvml.EventTypeXidCriticalError | nvml.EventTypeDoubleBitEccError | nvml.EventTypeSingleBitEccError, d.state()
}

// RegisterEvents has the GPU tell everybody.
func (d *device) RegisterEvents(uint64, nvml.EventSet) nvml.Return { return d.state() }
