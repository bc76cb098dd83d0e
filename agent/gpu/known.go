package gpu

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// remember keeps what is known of a GPU and returns its place in the list. An
// answer that a failing GPU no longer gives does not erase an earlier one.
func (g *GPUs) remember(gpu api.GPU) int {
	at := slices.IndexFunc(g.known, func(k api.GPU) bool { return k.UUID == gpu.UUID })
	if at < 0 {
		g.known, g.changed = append(g.known, gpu), true
		return len(g.known) - 1
	}
	k := &g.known[at]
	k.Model = cmp.Or(gpu.Model, k.Model)
	k.Memory = cmp.Or(gpu.Memory, k.Memory)
	k.Capability = cmp.Or(gpu.Capability, k.Capability)
	k.PCIeGeneration = cmp.Or(gpu.PCIeGeneration, k.PCIeGeneration)
	k.PCIeWidth = cmp.Or(gpu.PCIeWidth, k.PCIeWidth)
	if gpu.Instances != nil {
		k.Instances = gpu.Instances
	}
	return at
}

// missing are the places of known GPUs that were not seen. Each device without
// a name may be one of them, and then it is not missing.
func (g *GPUs) missing(seen map[string]bool, unnamed int) []int {
	var out []int
	for i, gpu := range g.known {
		if !seen[gpu.UUID] {
			out = append(out, i)
		}
	}
	return out[min(unnamed, len(out)):]
}

// nameOf is what people are told of the GPU with a UUID.
func (g *GPUs) nameOf(uuid string) string {
	known := g.seen.known
	at := slices.IndexFunc(known, func(k api.GPU) bool { return k.UUID == uuid })
	if at < 0 {
		return "a GPU"
	}
	return name(at, known[at])
}

// name is what people are told of the GPU at place i.
func name(i int, gpu api.GPU) string {
	if gpu.Model == "" {
		return fmt.Sprintf("GPU %d", i)
	}
	return fmt.Sprintf("GPU %d (%s)", i, gpu.Model)
}
