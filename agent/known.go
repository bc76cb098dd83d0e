package agent

import (
	"fmt"

	"github.com/talmolab/lablink-infrastructure/api"
)

// remember keeps what is known of a GPU and returns its place in the list. An
// answer that a failing GPU no longer gives does not erase an earlier one.
func (m *Machine) remember(gpu api.GPU) int {
	for i, known := range m.known {
		if known.UUID == gpu.UUID {
			if gpu.Model != "" {
				m.known[i].Model = gpu.Model
			}
			if gpu.Memory != 0 {
				m.known[i].Memory = gpu.Memory
			}
			return i
		}
	}
	m.known = append(m.known, gpu)
	return len(m.known) - 1
}

// missing are the places of known GPUs that were not seen. Each device without
// a name may be one of them, and then it is not missing.
func (m *Machine) missing(seen map[string]bool, unnamed int) []int {
	var out []int
	for i, gpu := range m.known {
		if !seen[gpu.UUID] {
			out = append(out, i)
		}
	}
	return out[min(unnamed, len(out)):]
}

// name is what people are told of the GPU at place i.
func name(i int, gpu api.GPU) string {
	if gpu.Model == "" {
		return fmt.Sprintf("GPU %d", i)
	}
	return fmt.Sprintf("GPU %d (%s)", i, gpu.Model)
}
