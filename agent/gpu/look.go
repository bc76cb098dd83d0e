package gpu

import (
	"errors"
	"fmt"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// sight is what one look found.
type sight struct {
	driver   string
	readings []api.Reading
	findings []finding
	lost     []string
}

// find adds a finding. Of is what it is about: a GPU's UUID, or something else that
// tells it from others.
func (s *sight) find(what symptom, of, format string, args ...any) {
	s.findings = append(s.findings, finding{what, of, fmt.Sprintf(format, args...)})
}

// look asks NVML for everything once, and notes what was seen.
func (g *GPUs) look() {
	now := g.now()
	s := g.lookOnce()
	next := g.snapshot()
	next.any, next.driver, next.readings = true, s.driver, s.readings
	next.counted = g.lasting.settle(s.findings, now)
	if g.loaded {
		next.start = g.nvml.DriverStart()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.seen, g.urgent = next, false
	g.unsaved, g.changed = g.unsaved || g.changed, false
}

// lookOnce asks NVML for everything once. GPUs that were never seen before are
// added to the known ones; known ones that are missing are lost.
func (g *GPUs) lookOnce() sight {
	s := sight{readings: []api.Reading{}}
	devices, err := g.devices(&s)
	switch {
	case err == nil:
		g.worked = g.worked || len(devices) > 0
		g.lookAt(devices, &s)
		g.listen(devices)
	case errors.Is(err, ErrNoDriver) && !g.worked:
		s.find(noDriver, "", "")
	case g.worked:
		s.find(driverGone, "", "%v", err)
	default:
		s.find(driverFault, "", "%v", err)
	}
	if err != nil {
		_ = g.release() // the next look loads the library anew
	}
	return s
}

// devices loads the library where it is not, and lists the GPUs.
func (g *GPUs) devices(s *sight) ([]Device, error) {
	if !g.loaded {
		if err := g.nvml.Init(); err != nil {
			return nil, err
		}
		g.loaded = true
	}
	s.driver, _ = g.nvml.DriverVersion() // a driver without a version is no fault
	return g.nvml.Devices()
}

func (g *GPUs) lookAt(devices []Device, s *sight) {
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
			s.find(readingFailed, fmt.Sprint(i), "GPU %d (%v)", i, err)
		default:
			seen[uuid] = true
			g.lookAtOne(uuid, d, s)
		}
	}
	missing := g.missing(seen, unnamed)
	for _, i := range missing {
		g.lose(i, s)
	}
	if len(missing) == 0 { // otherwise they are the ones that were named just now
		for _, i := range lost {
			s.find(gpuLost, fmt.Sprint(i), "GPU %d", i)
		}
	}
	if len(g.known) == 0 && len(devices) == 0 {
		s.find(noGPU, "", "")
	}
	if !slices.Equal(s.lost, g.lost) {
		g.lost, g.changed = s.lost, true
	}
}

// lose notes that the GPU at place i cannot be reached.
func (g *GPUs) lose(i int, s *sight) {
	s.find(gpuLost, g.known[i].UUID, "%s", name(i, g.known[i]))
	s.lost = append(s.lost, g.known[i].UUID)
}

func (g *GPUs) lookAtOne(uuid string, d Device, s *sight) {
	a := ask(uuid, d)
	i := g.remember(a.gpu)
	who := name(i, g.known[i])
	switch {
	case errors.Is(a.failed, ErrLost):
		g.lose(i, s)
		return
	case a.failed != nil:
		s.find(readingFailed, uuid, "%s (%v)", who, a.failed)
	}
	s.readings = append(s.readings, a.reading)
	g.findSigns(who, a.reading, a.signs, s)
}
