package simulated

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/NVIDIA/go-nvml/pkg/nvml"
	"github.com/NVIDIA/go-nvml/pkg/nvml/mock/gpus"
)

// maxGPUs is how many GPUs the wire types allow a machine to have.
const maxGPUs = 64

// model is a kind of GPU, with what go-nvml's mocks do not know of it.
type model struct {
	config gpus.Config
	// idle and full are what it draws without and with work, in watts. Full is
	// the board power in NVIDIA's data sheet.
	idle, full float64
	// slowsAt is from which temperature on the hardware slows it, in degrees Celsius.
	slowsAt uint32
	// generation and width are of its PCIe link, and lanes how many it has here: EC2 gives
	// some GPUs half of theirs.
	generation, width, lanes int
	// mig is into how many instances it is divided.
	mig int
}

var models = map[string]model{
	"t4":       {t4, 9, 70, 93, 3, 16, 8, 0},
	"a10g":     {a10g, 16, 300, 95, 4, 16, 8, 0},
	"l4":       {l4, 16, 72, 92, 4, 16, 8, 0},
	"a100":     {gpus.A100_SXM4_40GB, 50, 400, 89, 4, 16, 16, 0},
	"a100-mig": {gpus.A100_SXM4_40GB, 50, 400, 89, 4, 16, 16, 7},
	"h100":     {gpus.H100_SXM5_80GB, 70, 700, 90, 5, 16, 16, 0},
	"h200":     {gpus.H200_SXM5_141GB, 75, 700, 90, 5, 16, 16, 0},
	"b200":     {gpus.B200_SXM5_180GB, 140, 1000, 90, 5, 16, 16, 0},
}

// The GPUs of g4dn, g5 and g6, which go-nvml's mocks do not have.
var (
	t4 = gpus.Config{
		Name: "Tesla T4", Architecture: nvml.DEVICE_ARCH_TURING, Brand: nvml.BRAND_NVIDIA,
		MemoryMB: 15360, CudaMajor: 7, CudaMinor: 5, PciDeviceId: 0x1EB810DE,
	}
	a10g = gpus.Config{
		Name: "NVIDIA A10G", Architecture: nvml.DEVICE_ARCH_AMPERE, Brand: nvml.BRAND_NVIDIA,
		MemoryMB: 23028, CudaMajor: 8, CudaMinor: 6, PciDeviceId: 0x223710DE,
	}
	l4 = gpus.Config{
		Name: "NVIDIA L4", Architecture: nvml.DEVICE_ARCH_ADA, Brand: nvml.BRAND_NVIDIA,
		MemoryMB: 23034, CudaMajor: 8, CudaMinor: 9, PciDeviceId: 0x27B810DE,
	}
)

// Profile says which GPUs a machine pretends to have.
type Profile struct {
	// Name is one of Names.
	Name string
	// Count is how many of them, 1–64.
	Count int
}

// Names are the names of all profiles.
func Names() []string { return slices.Sorted(maps.Keys(models)) }

// ParseProfile reads "h100" (one of them) or "h100x4" (four).
func ParseProfile(text string) (Profile, error) {
	name, count, counted := strings.Cut(text, "x")
	p := Profile{Name: name, Count: 1}
	if _, ok := models[name]; !ok {
		return p, fmt.Errorf("no simulated GPU is called %q: choose one of %s", name, strings.Join(Names(), ", "))
	}
	if counted {
		n, err := strconv.Atoi(count)
		if err != nil || n < 1 || n > maxGPUs {
			return p, fmt.Errorf("%q simulated GPUs: give a number from 1 to %d, for example %sx2", count, maxGPUs, name)
		}
		p.Count = n
	}
	return p, nil
}
