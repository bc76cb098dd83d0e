package settings

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

var (
	domainName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)
	zoneID     = regexp.MustCompile(`^Z[0-9A-Z]{1,31}$`)
)

// everybody is the range that holds every IPv4 address.
const everybody = "0.0.0.0/0"

// maxAllowed is how many ranges fit into the rules of the allocator's group.
const maxAllowed = 29

func (s *Settings) checkNetwork(p *Problems) {
	if cidr, err := netip.ParsePrefix(s.Network.Cidr); err != nil || cidr != cidr.Masked() || !cidr.Addr().Is4() || cidr.Bits() < 16 || cidr.Bits() > 24 {
		p.add("network.cidr", "use a private network, for example 10.20.0.0/16", "must be an IPv4 network of /16 to /24, not %q", s.Network.Cidr)
	}
	for i, c := range s.Network.AllowedCidrs {
		key := fmt.Sprintf("network.allowedCidrs[%d]", i)
		if cidr, err := netip.ParsePrefix(c); err != nil || cidr != cidr.Masked() || !cidr.Addr().Is4() {
			p.add(key, "use 0.0.0.0/0 for everybody, or networks such as 192.0.2.0/24", "is not an IPv4 network: %q", c)
		}
		if slices.Contains(s.Network.AllowedCidrs[:i], c) {
			p.add(key, "remove it", "is %q, which is in the list already", c)
		}
	}
	if n := len(s.Network.AllowedCidrs); n > maxAllowed {
		p.add("network.allowedCidrs", fmt.Sprintf("keep %d at most: join neighbours into larger networks", maxAllowed), "has %d, and a security group takes 60 rules (AWS's quota \"Inbound or outbound rules per security group\"): two for each range, and one for machines", n)
	}
	s.checkZones(p)
	s.checkVPC(p)
	s.checkAddress(p)
}

// The letters of the last zones that have room in an own VPC, and room for private
// subnets.
const (
	lastZone    = "p"
	lastPrivate = "h"
)

func (s *Settings) checkZones(p *Problems) {
	zones := s.Network.Zones
	if len(zones) == 1 || len(zones) > 16 {
		p.add("network.zones", "list two or three, or leave it out", "has %d, and 2 to 16 are possible", len(zones))
	}
	if p.know(regionKey) {
		return // zones are of a Region
	}
	for i, zone := range zones {
		key := fmt.Sprintf("network.zones[%d]", i)
		if letter, ok := strings.CutPrefix(zone, s.Region); !ok || len(letter) != 1 || letter < "a" || letter > lastZone {
			p.add(key, fmt.Sprintf("write the whole name, for example %sa", s.Region), "is not an availability zone of %s: %q", s.Region, zone)
		}
		if s.Network.NAT && zone > s.Region+lastPrivate {
			p.add(key, "choose another zone, or remove network.nat", "is %q, but with network.nat there is room for the zones a to %s", zone, lastPrivate)
		}
		if slices.Contains(zones[:i], zone) {
			p.add(key, "remove it", "is %q, which is in the list already", zone)
		}
	}
}

// checkName checks the name that people type and its certificate.
func (s *Settings) checkName(p *Problems) {
	if s.DNS.Domain == "" && (s.DNS.Provider != None || s.TLS.Mode != None) {
		p.add("dns.domain", "set the full name that people type, for example lab.example.org", "is required unless dns.provider and tls.mode are none")
	}
	if d := s.DNS.Domain; d != "" && (len(d) > 253 || !domainName.MatchString(d)) {
		p.add("dns.domain", "write the full name in lower case without a scheme, for example lab.example.org", "is not a domain name: %q", d)
	}
	s.checkZoneID(p)
	if s.BehindCloudflare() {
		s.checkCloudflare(p)
	}
	s.checkCertificate(p)
}
