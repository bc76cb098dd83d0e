package cloud

import (
	"cmp"
	"slices"
	"strings"
)

// Zone is a public hosted zone of Route 53 that exists already.
type Zone struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	NameServers []string `json:"nameServers"`
}

// ZonesNamed are the public zones of a name; there may be several.
func (a *Account) ZonesNamed(name string) []Zone {
	var out []Zone
	_ = a.view(func(m *model) error {
		for _, z := range m.Zones {
			if z.Name == trimDot(name) {
				out = append(out, *z)
			}
		}
		return nil
	})
	slices.SortFunc(out, func(x, y Zone) int { return strings.Compare(x.ID, y.ID) })
	return out
}

// Zone returns one zone by its id.
func (a *Account) Zone(id string) (*Zone, error) { return zones.lookup(a, id) }

// ZonesFrom are the zones in Route 53's order, which is by the labels of their
// names from the last one on, beginning with a name or what would come after it.
func (a *Account) ZonesFrom(name string) []Zone {
	var out []Zone
	_ = a.view(func(m *model) error {
		for _, z := range m.Zones {
			if byLabels(*z, Zone{Name: trimDot(name)}) >= 0 {
				out = append(out, *z)
			}
		}
		return nil
	})
	slices.SortFunc(out, byLabels)
	return out
}

func byLabels(x, y Zone) int {
	a, b := strings.Split(x.Name, "."), strings.Split(y.Name, ".")
	slices.Reverse(a)
	slices.Reverse(b)
	return cmp.Or(slices.Compare(a, b), strings.Compare(x.ID, y.ID))
}
