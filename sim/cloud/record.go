package cloud

import (
	"net/netip"
	"slices"
	"strings"
)

// Record is aws:route53/record:Record with plain values, or an alias of a load
// balancer.
type Record struct {
	ID      string        `json:"id"` // zone_name_type
	ZoneID  string        `json:"zoneId"`
	Name    string        `json:"name"`
	Type    string        `json:"type"`
	TTL     *int          `json:"ttl,omitempty"` // seconds
	Records []string      `json:"records,omitempty"`
	Aliases []RecordAlias `json:"aliases,omitempty"`
	recordComputed
}

// RecordAlias is what a record is an alias of.
type RecordAlias struct {
	Name                 string `json:"name"`
	ZoneID               string `json:"zoneId"`
	EvaluateTargetHealth bool   `json:"evaluateTargetHealth"`
}

type recordComputed struct {
	FQDN string `json:"fqdn"`
}

// recordTypes are those that Route 53 has.
var recordTypes = []string{
	"A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV", "SSHFP", "SVCB", "TLSA", "TXT",
}

// CreateRecord makes a record set; one of its name and type must not exist.
func (a *Account) CreateRecord(r *Record) error {
	return a.change(func(m *model) error {
		if err := m.checkRecord(r); err != nil {
			return err
		}
		r.ID = r.ZoneID + "_" + trimDot(r.Name) + "_" + r.Type
		m.Records.keep(r.ID, r)
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
	switch {
	case !slices.Contains(recordTypes, r.Type):
		return refuse("InvalidInput", "Invalid resource type: %s", r.Type)
	case len(r.Aliases) > 0:
		if err := m.checkAlias(r); err != nil {
			return err
		}
	case len(r.Records) == 0 || r.TTL == nil || *r.TTL < 0:
		return refuse("InvalidInput", "A record set needs values and a TTL")
	}
	for _, value := range r.Records {
		addr, err := netip.ParseAddr(value)
		if r.Type == "AAAA" && (err != nil || !addr.Is6()) {
			return refuse("InvalidChangeBatch", "[Invalid Resource Record: 'FATAL problem: AAAARRDATAIllegalIPv6Address (Value is not a valid IPv6 address) encountered with '%s'']", value)
		}
		if r.Type == "A" && (err != nil || !addr.Is4()) {
			return refuse("InvalidChangeBatch", "[Invalid Resource Record: 'FATAL problem: ARRDATAIllegalIPv4Address (Value is not a valid IPv4 address) encountered with '%s'']", value)
		}
	}
	if r.Type == "CNAME" && r.FQDN == z.Name {
		return refuse("InvalidChangeBatch", "[RRSet of type CNAME with DNS name %s. is not permitted at apex in zone %s.]", r.FQDN, z.Name)
	}
	return m.checkNeighbours(r)
}

// checkAlias refuses an alias of what is no load balancer of this account.
func (m *model) checkAlias(r *Record) error {
	if len(r.Aliases) > 1 || len(r.Records) > 0 || r.TTL != nil {
		return refuse("InvalidInput", "A record set has an alias, or values and a TTL")
	}
	alias := r.Aliases[0]
	b := m.balancerNamed(alias.Name)
	if r.Type != "A" || b == nil || b.ZoneID != alias.ZoneID {
		return refuse("InvalidChangeBatch", "[Tried to create an alias that targets %s., type %s in zone %s, but the alias target name does not lie within the target zone]", trimDot(alias.Name), r.Type, alias.ZoneID)
	}
	return nil
}

// checkNeighbours refuses a second set of a name and type, and anything beside a
// CNAME.
func (m *model) checkNeighbours(r *Record) error {
	for _, other := range m.Records {
		switch {
		case other.ID == r.ID || other.ZoneID != r.ZoneID || other.FQDN != r.FQDN:
		case other.Type == r.Type:
			return refuse("InvalidChangeBatch", "[Tried to create resource record set [name='%s.', type='%s'] but it already exists]", r.FQDN, r.Type)
		case other.Type == "CNAME" || r.Type == "CNAME":
			return refuse("InvalidChangeBatch", "[RRSet of type CNAME with DNS name %s. is not permitted as it conflicts with other records with the same DNS name in zone]", r.FQDN)
		}
	}
	return nil
}

// Record returns one record set.
func (a *Account) Record(id string) (*Record, error) { return records.lookup(a, id) }

// UpdateRecord changes type, values and time to live.
func (a *Account) UpdateRecord(id string, r *Record) error {
	return records.update(a, id, r, func(m *model, cur *Record) error {
		r.ID, r.ZoneID, r.Name = id, cur.ZoneID, cur.Name
		return m.checkRecord(r)
	})
}

// DeleteRecord removes a record set.
func (a *Account) DeleteRecord(id string) error { return records.remove(a, id, nil) }
