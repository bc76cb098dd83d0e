package simulated

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

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
}

var models = map[string]model{
	"a100": {gpus.A100_SXM4_40GB, 50, 400},
	"h100": {gpus.H100_SXM5_80GB, 70, 700},
	"h200": {gpus.H200_SXM5_141GB, 75, 700},
	"b200": {gpus.B200_SXM5_180GB, 140, 1000},
}

// Profile says which GPUs a machine pretends to have.
type Profile struct {
	// Name is one of a100, b200, h100 and h200.
	Name string
	// Count is how many of them, 1–64.
	Count int
}

// ParseProfile reads "h100" (one of them) or "h100x4" (four).
func ParseProfile(text string) (Profile, error) {
	name, count, counted := strings.Cut(text, "x")
	p := Profile{Name: name, Count: 1}
	if _, ok := models[name]; !ok {
		known := slices.Sorted(maps.Keys(models))
		return p, fmt.Errorf("no simulated GPU is called %q: choose one of %s", name, strings.Join(known, ", "))
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
