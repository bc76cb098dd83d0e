package wire

import (
	"encoding/xml"
	"maps"
	"slices"
	"strings"
)

// described are the calls that list one kind of thing by its tags: the kind as ARNs
// name it, the answer's list, and what its members call their id.
var described = map[string]struct{ kind, set, id string }{
	"DescribeAddresses":         {"elastic-ip", "addressesSet", "allocationId"},
	"DescribeNatGateways":       {"natgateway", "natGatewaySet", "natGatewayId"},
	"DescribeNetworkInterfaces": {"network-interface", "networkInterfaceSet", "networkInterfaceId"},
	"DescribeSnapshots":         {"snapshot", "snapshotSet", "snapshotId"},
	"DescribeVolumes":           {"volume", "volumeSet", "volumeId"},
}

func init() {
	for action := range described {
		actions[action] = func(s *Server, c call, q *query) (any, error) { return s.describe(c, q, action) }
	}
}

// describe lists things by filters on tags, in one page: the ids and tags of each.
func (s *Server) describe(c call, q *query, action string) (any, error) {
	if err := s.authorize(c, "ec2:"+action, nil, "*"); err != nil {
		return nil, err
	}
	filters, err := q.filters(byTag)
	if err != nil {
		return nil, err
	}
	if err := q.rest(); err != nil {
		return nil, err
	}
	of := described[action]
	out := describedXML{set: of.set, id: of.id}
	for _, t := range s.account.Things() {
		if _, id, ok := strings.Cut(t.ARN, ":"+of.kind+"/"); ok && strings.HasPrefix(t.ARN, "arn:aws:ec2:") && tagsFit(t.Tags, filters) {
			out.things = append(out.things, describedThing{id, t.Tags})
		}
	}
	return out, nil
}

// describedXML is a list whose elements are called as its call does.
type describedXML struct {
	set, id string
	things  []describedThing
}

type describedThing struct {
	id   string
	tags map[string]string
}

// MarshalXML writes <set><item><id>…</id><tagSet>…</tagSet></item></set>.
func (d describedXML) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	type element struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	}
	type item struct {
		ID   element
		Tags []tagXML `xml:"tagSet>item"`
	}
	type set struct {
		XMLName xml.Name
		Items   []item `xml:"item"`
	}
	list := set{XMLName: xml.Name{Local: d.set}}
	for _, t := range d.things {
		x := item{ID: element{xml.Name{Local: d.id}, t.id}}
		for _, k := range slices.Sorted(maps.Keys(t.tags)) {
			x.Tags = append(x.Tags, tagXML{k, t.tags[k]})
		}
		list.Items = append(list.Items, x)
	}
	return e.EncodeElement(struct {
		response
		Set set
	}{newResponse(), list}, start)
}
