package gpu

import (
	"context"
	"errors"

	"github.com/talmolab/lablink-infrastructure/api"
)

// NVML is what the agent asks of NVIDIA's management library.
type NVML interface {
	// Init makes the library ready for use. The error wraps ErrNoDriver when
	// this machine has no such library; any other error means that the library
	// is there and does not work.
	Init() error
	// Shutdown gives the library back. Init may follow.
	Shutdown() error
	// DriverVersion is the version of the NVIDIA driver, for example "560.28.03".
	DriverVersion() (string, error)
	// DriverStart changes when the driver is loaded anew; "" where nothing tells.
	DriverStart() string
	// Devices lists the GPUs in NVML's order, including one that is lost but
	// still counted: its answers then wrap ErrLost.
	Devices() ([]Device, error)
	// Events begins to listen to devices of Devices. The error wraps
	// ErrNotSupported when none of them tells anything.
	Events(devices []Device) (Events, error)
}

// Events is what GPUs tell by themselves.
type Events interface {
	// Next waits for the next event, until ctx ends. Any error but that of ctx means
	// that nothing more comes.
	Next(ctx context.Context) (Event, error)
	// Close ends it. No Next may be under way.
	Close() error
}

// Event is something that a GPU told.
type Event struct {
	// UUID is the GPU's; "" when it was not named.
	UUID string
	// Instance is the MIG instance that it is about, as "1/0" of GPU instance and
	// compute instance; "" for the whole GPU.
	Instance string
	// XID is the driver's number for it, or one of ECCUncorrected and ECCCorrected.
	XID uint64
}

// ECC errors of which NVML tells no XID. No XID is as large.
const (
	ECCUncorrected uint64 = 1<<32 + iota
	ECCCorrected
)

// Device is one GPU. Every method returns an error that wraps ErrNotSupported
// when the GPU does not tell, and ErrLost when it cannot be reached any more.
type Device interface {
	// UUID identifies the GPU for its life, for example "GPU-5a3f…".
	UUID() (string, error)
	// Model is the product's name, for example "NVIDIA H100 80GB HBM3".
	Model() (string, error)
	// Capability is the CUDA compute capability, for example 8.6.
	Capability() (Capability, error)
	// MemoryTotal is the size of the GPU's memory, in bytes.
	MemoryTotal() (uint64, error)
	// MemoryUsed is how much of that memory is in use, in bytes.
	MemoryUsed() (uint64, error)
	// Utilisation is the share of the last sample in which a kernel ran, 0–100.
	Utilisation() (uint32, error)
	// Programs is how many programs compute on it, or on its MIG instances.
	Programs() (int, error)
	// Temperature is the GPU's temperature, in degrees Celsius.
	Temperature() (uint32, error)
	// SlowsAt is the temperature at which the GPU slows down, in degrees Celsius.
	SlowsAt() (uint32, error)
	// Slowed says why the hardware has slowed the GPU's clocks.
	Slowed() (Slowed, error)
	// Power is what the GPU draws, in watts.
	Power() (float64, error)
	// Link is the PCIe link at this moment. A GPU without work lowers its generation.
	Link() (Link, error)
	// LinkMax is the most that GPU and slot can do together.
	LinkMax() (Link, error)
	// Remapping is the state of its memory's spare rows, which GPUs since Ampere have.
	Remapping() (Remapping, error)
	// PagesPending reports whether pages of memory are to be retired when the driver
	// starts anew, as GPUs before Ampere do it.
	PagesPending() (bool, error)
	// ECC counts the errors of its memory since the driver was loaded.
	ECC() (ECC, error)
	// Recovery is what the driver says that the GPU needs.
	Recovery() (Recovery, error)
	// Instances are the MIG instances that the GPU is divided into; none without MIG.
	Instances() ([]api.GPUInstance, error)
}

// Slowed says why the hardware has slowed a GPU's clocks.
type Slowed struct{ Thermal, PowerBrake bool }

// Remapping is the state of a memory's spare rows.
type Remapping struct {
	// Pending says that rows are replaced at the next reset.
	Pending bool
	// Failed says that a row could not be replaced, ever.
	Failed bool
}

// ECC counts errors of memory.
type ECC struct{ Corrected, Uncorrected uint64 }

// Recovery is what a driver says that a GPU needs.
type Recovery int

// What a driver says: nothing, a reset, a reboot of the machine, or a reset once nobody
// works on the GPU.
const (
	RecoverNothing Recovery = iota
	RecoverReset
	RecoverReboot
	RecoverDrain
)

var (
	// ErrNoDriver says that the machine has no NVIDIA driver at all.
	ErrNoDriver = errors.New("no NVIDIA driver found (libnvidia-ml.so.1)")
	// ErrNotSupported says that this GPU or driver does not tell what was asked.
	ErrNotSupported = errors.New("not supported")
	// ErrLost says that the GPU cannot be reached: it fell off the bus, or
	// NVML does not know it any more.
	ErrLost = errors.New("the GPU is lost")
)
