package wire

import (
	"encoding/xml"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

type zoneXML struct {
	ID      string `xml:"Id"`
	Name    string
	Caller  string `xml:"CallerReference"`
	Private bool   `xml:"Config>PrivateZone"`
}

func zoneOf(z cloud.Zone) zoneXML {
	return zoneXML{ID: "/hostedzone/" + z.ID, Name: z.Name + ".", Caller: z.ID}
}

// getZone answers GetHostedZone.
func (s *Server) getZone(c call, id string) (any, error) {
	if err := s.account.Authorize(c.who, "route53:GetHostedZone", "arn:aws:route53:::hostedzone/"+id, nil); err != nil {
		return nil, err
	}
	z, err := s.account.Zone(id)
	if err != nil {
		return nil, &cloud.Error{Code: "NoSuchHostedZone", Message: "No hosted zone found with ID: " + id, Status: 404}
	}
	return struct {
		XMLName xml.Name `xml:"https://route53.amazonaws.com/doc/2013-04-01/ GetHostedZoneResponse"`
		Zone    zoneXML  `xml:"HostedZone"`
		Servers []string `xml:"DelegationSet>NameServers>NameServer"`
	}{Zone: zoneOf(*z), Servers: z.NameServers}, nil
}

// listZones answers ListHostedZonesByName: a page of zones from a name on.
func (s *Server) listZones(c call, _ string) (any, error) {
	limit := 100
	for name, values := range c.URL.Query() {
		switch name {
		case "dnsname":
		case "maxitems":
			n, err := strconv.Atoi(values[0])
			if err != nil || n < 1 {
				return nil, &cloud.Error{Code: "InvalidInput", Message: "maxitems is not a number from 1", Status: 400}
			}
			limit = min(limit, n)
		default:
			return nil, &cloud.Error{Code: "InvalidInput", Message: "The simulator does not model the parameter " + name, Status: 400}
		}
	}
	if err := s.account.Authorize(c.who, "route53:ListHostedZonesByName", "*", nil); err != nil {
		return nil, err
	}
	all := s.account.ZonesFrom(c.URL.Query().Get("dnsname"))
	out := struct {
		XMLName   xml.Name  `xml:"https://route53.amazonaws.com/doc/2013-04-01/ ListHostedZonesByNameResponse"`
		Zones     []zoneXML `xml:"HostedZones>HostedZone"`
		Truncated bool      `xml:"IsTruncated"`
		MaxItems  int
	}{Truncated: len(all) > limit, MaxItems: limit}
	for _, z := range all[:min(limit, len(all))] {
		out.Zones = append(out.Zones, zoneOf(z))
	}
	return out, nil
}
