package agent

import (
	"errors"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/api"
)

// sight is what one look found.
type sight struct {
	driver   string
	readings []api.Reading
	findings []finding
}

func (s *sight) find(what symptom, format string, args ...any) {
	s.findings = append(s.findings, finding{what, fmt.Sprintf(format, args...)})
}

// look asks NVML for everything once. GPUs that were never seen before are
// added to the known ones; known ones that are missing are lost.
func (m *Machine) look() sight {
	s := sight{readings: []api.Reading{}}
	if !m.loaded {
		if err := m.nvml.Init(); errors.Is(err, ErrNoDriver) {
			s.find(noDriver, "")
			return s
		} else if err != nil {
			s.find(driverFault, "%v", err)
			return s
		}
		m.loaded = true
	}
	s.driver, _ = m.nvml.DriverVersion() // a driver without a version is no fault
	devices, err := m.nvml.Devices()
	if err != nil {
		s.find(driverFault, "%v", err)
		return s
	}
	m.lookAt(devices, &s)
	return s
}

func (m *Machine) lookAt(devices []Device, s *sight) {
	seen := map[string]bool{}
	var lost []int // places of lost GPUs that do not say their UUID
	unnamed := 0   // how many others do not say it
	for i, d := range devices {
		uuid, err := d.UUID()
		switch {
		case errors.Is(err, ErrLost):
			lost = append(lost, i)
		case err != nil:
			unnamed++
			s.find(readingFailed, "GPU %d (%v)", i, err)
		default:
			seen[uuid] = true
			m.lookAtOne(uuid, d, s)
		}
	}
	missing := m.missing(seen, unnamed)
	for _, i := range missing {
		s.find(gpuLost, "%s", name(i, m.known[i]))
	}
	if len(missing) == 0 { // otherwise they are the ones that were named just now
		for _, i := range lost {
			s.find(gpuLost, "GPU %d", i)
		}
	}
	if len(m.known) == 0 && len(devices) == 0 {
		s.find(noGPU, "")
	}
}

func (m *Machine) lookAtOne(uuid string, d Device, s *sight) {
	gpu, reading, err := ask(uuid, d)
	i := m.remember(gpu)
	switch {
	case errors.Is(err, ErrLost):
		s.find(gpuLost, "%s", name(i, m.known[i]))
	case err != nil:
		s.find(readingFailed, "%s (%v)", name(i, m.known[i]), err)
		fallthrough
	default:
		s.readings = append(s.readings, reading)
	}
}
