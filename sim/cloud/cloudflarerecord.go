package cloud

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// CloudflareRecord is cloudflare:index/record:Record with plain values, of the
// types that point a name somewhere, and TXT.
type CloudflareRecord struct {
	ID      string `json:"id"`
	ZoneID  string `json:"zoneId"`
	Name    string `json:"name"`
	Type    string `json:"type"`
	Content string `json:"content"`
	TTL     int    `json:"ttl"` // seconds; 1: Cloudflare's choice
	Proxied bool   `json:"proxied"`
	Comment string `json:"comment,omitempty"`
	cloudflareRecordComputed
}

type cloudflareRecordComputed struct {
	Hostname   string `json:"hostname"`
	Proxiable  bool   `json:"proxiable"`
	CreatedOn  string `json:"createdOn"`
	ModifiedOn string `json:"modifiedOn"`
}

// automaticTTL lets Cloudflare choose; a proxied record has no other.
const automaticTTL = 1

// CreateCloudflareRecord makes a record, unless it clashes with another one.
func (a *Account) CreateCloudflareRecord(r *CloudflareRecord) error {
	return a.change(func(m *model) error {
		r.ID = hexDigits(32)
		r.CreatedOn = a.now().Format(time.RFC3339Nano)
		r.ModifiedOn = r.CreatedOn
		if err := m.checkCloudflareRecord(r); err != nil {
			return err
		}
		m.CloudflareRecords.keep(r.ID, r)
		return nil
	})
}

func (m *model) checkCloudflareRecord(r *CloudflareRecord) error {
	z := m.CloudflareZones[r.ZoneID]
	if z == nil {
		return refuseStatus(404, "7003", "Could not route to /zones/%s/dns_records, perhaps your object identifier is invalid?", r.ZoneID)
	}
	r.Hostname = trimDot(r.Name)
	if r.Hostname == "@" {
		r.Hostname = z.Name
	}
	if !within(r.Hostname, z.Name) {
		r.Hostname += "." + z.Name
	}
	r.Proxiable = slices.Contains([]string{"A", "AAAA", "CNAME"}, r.Type)
	if r.TTL == 0 {
		r.TTL = automaticTTL
	}
	switch {
	case r.Name == "":
		return refuse("1004", "DNS Validation Error: use @ for the zone apex")
	case !r.Proxiable && r.Type != "TXT":
		return refuse("1004", "DNS Validation Error: the simulator models records of the types A, AAAA, CNAME and TXT, not %q", r.Type)
	case r.Proxied && !r.Proxiable:
		return refuse("9004", "type %q cannot be proxied", r.Type)
	case r.Proxied && r.TTL != automaticTTL:
		return refuse("9021", "ttl must be set to 1 when `proxied` is true")
	case r.TTL != automaticTTL && (r.TTL < 60 || r.TTL > 86400):
		return refuse("9021", "Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.")
	case len(r.Comment) > 100:
		return refuse("9234", "The comment is longer than 100 characters.")
	}
	if err := r.checkContent(); err != nil {
		return err
	}
	return m.checkCloudflareNeighbours(r)
}

func (r *CloudflareRecord) checkContent() error {
	addr, err := netip.ParseAddr(r.Content)
	switch {
	case r.Type == "A" && (err != nil || !addr.Is4()):
		return refuse("9005", "Content for A record must be a valid IPv4 address.")
	case r.Type == "AAAA" && (err != nil || !addr.Is6()):
		return refuse("9006", "Content for AAAA record must be a valid IPv6 address.")
	case r.Type == "CNAME" && (err == nil || !strings.Contains(r.Content, ".")):
		return refuse("9007", "Content for CNAME record is invalid.")
	case r.Content == "":
		return refuse("1004", "DNS Validation Error: content is empty")
	}
	return nil
}

// checkCloudflareNeighbours refuses the same record twice, and a CNAME beside what
// points the name elsewhere.
func (m *model) checkCloudflareNeighbours(r *CloudflareRecord) error {
	for _, other := range m.CloudflareRecords {
		switch {
		case other.ID == r.ID || other.ZoneID != r.ZoneID || other.Hostname != r.Hostname:
		case other.Type == r.Type && strings.EqualFold(other.Content, r.Content):
			return refuse("81058", "An identical record already exists.")
		case r.Type == "CNAME" && other.Proxiable:
			return refuse("81053", "An A, AAAA, or CNAME record with that host already exists.")
		case other.Type == "CNAME" && r.Proxiable:
			return refuse("81054", "A CNAME record with that host already exists.")
		}
	}
	return nil
}

// CloudflareRecord returns one record.
func (a *Account) CloudflareRecord(id string) (*CloudflareRecord, error) {
	return cloudflareRecords.lookup(a, id)
}

// UpdateCloudflareRecord changes all but zone, name and type.
func (a *Account) UpdateCloudflareRecord(id string, r *CloudflareRecord) error {
	return cloudflareRecords.update(a, id, r, func(m *model, cur *CloudflareRecord) error {
		r.ID, r.ZoneID, r.Name, r.Type, r.CreatedOn = id, cur.ZoneID, cur.Name, cur.Type, cur.CreatedOn
		r.ModifiedOn = a.now().Format(time.RFC3339Nano)
		return m.checkCloudflareRecord(r)
	})
}

// DeleteCloudflareRecord removes a record.
func (a *Account) DeleteCloudflareRecord(id string) error {
	return cloudflareRecords.remove(a, id, nil)
}
