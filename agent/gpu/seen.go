package gpu

import (
	"maps"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// seen is what the last answer was.
type seen struct {
	any      bool
	driver   string
	start    string // of the driver
	known    []api.GPU
	lost     []string
	best     map[string]Link
	readings []api.Reading
	counted  []finding // what counts, without what events have told
}

// snapshot is what is known, for those who do not wait for what is asked next.
func (g *GPUs) snapshot() seen {
	return seen{known: slices.Clone(g.known), lost: slices.Clone(g.lost), best: maps.Clone(g.best)}
}

// Seen is what was seen last, with what events have told since, and whether the driver
// answers. Nobody is asked for it.
func (g *GPUs) Seen() Sight {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := sight{findings: slices.Clone(g.seen.counted), readings: g.seen.readings}
	if g.out != nil && closed(g.out.silent) {
		s.find(driverSilent, "", "")
		s.readings = []api.Reading{} // nobody knows
	}
	g.findFaults(g.now(), &s)
	v := judge(s.findings)
	g.keep()
	return Sight{
		Driver: g.seen.driver, GPUs: slices.Clone(g.seen.known), Readings: s.readings,
		Health: v.health, Action: v.action, Reason: v.reason, Note: v.note, Absent: v.absent,
	}
}
