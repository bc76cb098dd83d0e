package cloud

import (
	"net/netip"
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

// Record is aws:route53/record:Record with plain values.
type Record struct {
	ID      string   `json:"id"` // zone_name_type
	ZoneID  string   `json:"zoneId"`
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	TTL     int      `json:"ttl"`
	Records []string `json:"records"`
	FQDN    string   `json:"fqdn"`
}

// CreateRecord makes a record set; one of its name and type must not exist.
func (a *Account) CreateRecord(r *Record) error {
	return a.change(func(m *model) error {
		if err := m.checkRecord(r); err != nil {
			return err
		}
		for _, other := range m.Records {
			if other.ZoneID == r.ZoneID && other.FQDN == r.FQDN && other.Type == r.Type {
				return refuse("InvalidChangeBatch", "[Tried to create resource record set [name='%s.', type='%s'] but it already exists]", r.FQDN, r.Type)
			}
			if other.ZoneID == r.ZoneID && other.FQDN == r.FQDN && (other.Type == "CNAME" || r.Type == "CNAME") {
				return refuse("InvalidChangeBatch", "[RRSet of type CNAME with DNS name %s. is not permitted as it conflicts with other records with the same DNS name in zone]", r.FQDN)
			}
		}
		r.ID = r.ZoneID + "_" + trimDot(r.Name) + "_" + r.Type
		m.Records[r.ID] = r
		return nil
	})
}

func (m *model) checkRecord(r *Record) error {
	z, err := zones.get(m, r.ZoneID)
	if err != nil {
		return err
	}
	r.FQDN = trimDot(r.Name)
	if r.FQDN != z.Name && !strings.HasSuffix(r.FQDN, "."+z.Name) {
		r.FQDN = strings.Trim(r.FQDN+"."+z.Name, ".")
	}
	if len(r.Records) == 0 || r.TTL < 0 {
		return refuse("InvalidInput", "A record set needs values and a TTL")
	}
	for _, value := range r.Records {
		addr, err := netip.ParseAddr(value)
		if r.Type == "A" && (err != nil || !addr.Is4()) {
			return refuse("InvalidChangeBatch", "[Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '%s'']", value)
		}
	}
	if r.Type == "CNAME" && r.FQDN == z.Name {
		return refuse("InvalidChangeBatch", "[RRSet of type CNAME with DNS name %s. is not permitted at apex in zone %s.]", r.FQDN, z.Name)
	}
	return nil
}

// Record returns one record set.
func (a *Account) Record(id string) (*Record, error) { return records.lookup(a, id) }

// UpdateRecord changes values and time to live.
func (a *Account) UpdateRecord(id string, r *Record) error {
	return records.update(a, id, r, func(m *model, _ *Record) error {
		r.ID = id
		return m.checkRecord(r)
	})
}

// DeleteRecord removes a record set.
func (a *Account) DeleteRecord(id string) error { return records.remove(a, id, nil) }
