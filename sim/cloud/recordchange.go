package cloud

import (
	"slices"
	"strings"
)

// RecordChange is one change of a batch, as ChangeResourceRecordSets takes it.
type RecordChange struct {
	Action string // CREATE, UPSERT or DELETE
	Record Record
}

// ChangeRecords makes all changes of a batch, or none of them.
func (a *Account) ChangeRecords(zone string, changes []RecordChange) error {
	return a.change(func(m *model) error {
		if _, err := zones.get(m, zone); err != nil {
			return refuseStatus(404, "NoSuchHostedZone", "No hosted zone found with ID: %s", zone)
		}
		before := table[Record]{}
		for id, r := range m.Records {
			before[id] = r
		}
		for _, c := range changes {
			if err := m.changeRecord(zone, c); err != nil {
				m.Records = before
				return err
			}
		}
		return nil
	})
}

func (m *model) changeRecord(zone string, c RecordChange) error {
	r := c.Record
	r.ZoneID, r.Name = zone, trimDot(r.Name)
	r.ID = zone + "_" + r.Name + "_" + r.Type
	if z := m.Zones[zone]; r.Name != z.Name && !strings.HasSuffix(r.Name, "."+z.Name) {
		return refuse("InvalidChangeBatch", "[RRSet with DNS name %s. is not permitted in zone %s.]", r.Name, z.Name)
	}
	switch c.Action {
	case "DELETE":
		there := m.Records[r.ID]
		if there == nil {
			return refuse("InvalidChangeBatch", "[Tried to delete resource record set [name='%s.', type='%s'] but it was not found]", r.Name, r.Type)
		}
		if there.TTL == nil || r.TTL == nil || *there.TTL != *r.TTL || !slices.Equal(there.Records, r.Records) {
			return refuse("InvalidChangeBatch", "[Tried to delete resource record set [name='%s.', type='%s'] but the values provided do not match the current values]", r.Name, r.Type)
		}
		delete(m.Records, r.ID)
		return nil
	case "UPSERT":
		delete(m.Records, r.ID)
	case "CREATE":
		if m.Records[r.ID] != nil {
			return refuse("InvalidChangeBatch", "[Tried to create resource record set [name='%s.', type='%s'] but it already exists]", r.Name, r.Type)
		}
	default:
		return refuse("InvalidInput", "Invalid action: %s", c.Action)
	}
	for _, value := range r.Records { // pulumi-aws adds the marks itself
		if r.Type == "TXT" && (len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"') {
			return refuse("InvalidChangeBatch", "[Invalid Resource Record: 'FATAL problem: InvalidCharacterString (Value should be enclosed in quotation marks) encountered with '%s'']", value)
		}
	}
	if err := m.checkRecord(&r); err != nil {
		return err
	}
	m.Records.keep(r.ID, &r)
	return nil
}
