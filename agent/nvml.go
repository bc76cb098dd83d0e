package agent

import "errors"

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
	// Devices lists the GPUs in NVML's order, including one that is lost but
	// still counted: its answers then wrap ErrLost.
	Devices() ([]Device, error)
}

// Device is one GPU. Every method returns an error that wraps ErrNotSupported
// when the GPU does not tell, and ErrLost when it cannot be reached any more.
type Device interface {
	// UUID identifies the GPU for its life, for example "GPU-5a3f…".
	UUID() (string, error)
	// Model is the product's name, for example "NVIDIA H100 80GB HBM3".
	Model() (string, error)
	// MemoryTotal is the size of the GPU's memory, in bytes.
	MemoryTotal() (uint64, error)
	// MemoryUsed is how much of that memory is in use, in bytes.
	MemoryUsed() (uint64, error)
	// Utilisation is the share of the last sample in which a kernel ran, 0–100.
	Utilisation() (uint32, error)
	// Temperature is the GPU's temperature, in degrees Celsius.
	Temperature() (uint32, error)
	// Power is what the GPU draws, in watts.
	Power() (float64, error)
}

var (
	// ErrNoDriver says that the machine has no NVIDIA driver at all.
	ErrNoDriver = errors.New("no NVIDIA driver found (libnvidia-ml.so.1)")
	// ErrNotSupported says that this GPU or driver does not tell what was asked.
	ErrNotSupported = errors.New("not supported")
	// ErrLost says that the GPU cannot be reached: it fell off the bus, or
	// NVML does not know it any more.
	ErrLost = errors.New("the GPU is lost")
)
