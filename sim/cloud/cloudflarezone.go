package cloud

import (
	"cmp"
	"slices"
	"strings"
)

// CloudflareToken is the one API token that the simulated Cloudflare knows. It may
// do everything there, and opens nothing else.
const CloudflareToken = "simulated-cloudflare-token-0000000000000"

// CloudflareZone is a zone that exists already at the simulated Cloudflare.
type CloudflareZone struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// seedCloudflare puts the zones there that the options name.
func (a *Account) seedCloudflare() {
	for _, name := range a.opts.CloudflareZones {
		z := &CloudflareZone{ID: hexDigits(32), Name: trimDot(name)}
		a.m.CloudflareZones[z.ID] = z
	}
}

// CloudflareZonesNamed are Cloudflare's zones of a name; there may be several, of
// several of its accounts.
func (a *Account) CloudflareZonesNamed(name string) []CloudflareZone {
	var out []CloudflareZone
	_ = a.view(func(m *model) error {
		for _, z := range m.CloudflareZones {
			if z.Name == trimDot(name) {
				out = append(out, *z)
			}
		}
		return nil
	})
	slices.SortFunc(out, func(x, y CloudflareZone) int { return strings.Compare(x.ID, y.ID) })
	return out
}

// CloudflareZone is Cloudflare's zone of an id.
func (a *Account) CloudflareZone(id string) (*CloudflareZone, error) {
	return cloudflareZones.lookup(a, id)
}

// CloudflareRecords are the records of one of Cloudflare's zones, by name and id.
func (a *Account) CloudflareRecords(zone string) ([]CloudflareRecord, error) {
	if _, err := a.CloudflareZone(zone); err != nil {
		return nil, err
	}
	var out []CloudflareRecord
	err := a.view(func(m *model) error {
		for _, r := range m.CloudflareRecords {
			if r.ZoneID == zone {
				out = append(out, *r)
			}
		}
		return nil
	})
	slices.SortFunc(out, func(x, y CloudflareRecord) int {
		return cmp.Or(strings.Compare(x.Hostname, y.Hostname), strings.Compare(x.ID, y.ID))
	})
	return out, err
}

// cloudflareZoneOf is the zone that a name is in: the longest that it ends in.
func (m *model) cloudflareZoneOf(name string) *CloudflareZone {
	var best *CloudflareZone
	for _, z := range m.CloudflareZones {
		if within(name, z.Name) && (best == nil || len(z.Name) > len(best.Name)) {
			best = z
		}
	}
	return best
}

func within(name, zone string) bool { return name == zone || strings.HasSuffix(name, "."+zone) }
