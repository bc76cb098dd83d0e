package settings

import (
	"fmt"
	"net/netip"
	"regexp"

	"github.com/talmolab/lablink-infrastructure/api/edge"
)

// cloudflareID is how Cloudflare names a zone.
var cloudflareID = regexp.MustCompile(`^[0-9a-f]{32}$`)

// BehindCloudflare reports whether people reach the allocator through Cloudflare.
func (s *Settings) BehindCloudflare() bool { return s.TLS.Mode == Cloudflare }

// CallsCloudflare reports whether the stack needs cloudflare:apiToken.
func (s *Settings) CallsCloudflare() bool {
	return s.Kind != KindAccount && (s.BehindCloudflare() || s.DNS.Provider == Cloudflare && s.ManagesRecord())
}

// checkCloudflare checks what tls.mode: cloudflare needs: a name that Cloudflare
// answers for, and nobody who comes past it.
func (s *Settings) checkCloudflare(p *Problems) {
	if s.DNS.Provider != Cloudflare {
		p.add("tls.mode", "set dns.provider: cloudflare", "is cloudflare, but dns.provider is %s: only Cloudflare can stand before its own names", s.DNS.Provider)
	}
	for i, c := range s.Network.AllowedCidrs {
		if cidr, err := netip.ParsePrefix(c); err == nil && !edge.Holds(cidr) {
			p.add(fmt.Sprintf("network.allowedCidrs[%d]", i), "leave the list out, which lets in all of Cloudflare and nobody else", "is %s, which is not a part of Cloudflare's ranges: with tls.mode: cloudflare people come through Cloudflare alone", c)
		}
	}
}

// checkZoneID checks that the zone's id is one of the provider's, and of use.
func (s *Settings) checkZoneID(p *Problems) {
	id := s.DNS.ZoneID
	switch {
	case id == "":
	case s.DNS.Provider == Cloudflare && !cloudflareID.MatchString(id):
		p.add("dns.zoneId", "write the 32 digits that the zone's overview at Cloudflare shows as Zone ID", "is not an id of a zone of Cloudflare's: %q", id)
	case s.DNS.Provider != Cloudflare && !zoneID.MatchString(id):
		p.add("dns.zoneId", "write the hosted zone's id, for example Z0123456789ABCDEFGHIJ", "is not a hosted zone's id: %q", id)
	case s.DNS.Provider == None:
		p.add("dns.zoneId", "set dns.provider: route53, or remove the id", "is set, but no record is made with dns.provider: none")
	case !s.UsesZone():
		p.add("dns.zoneId", "remove it, or dns.manage: false", "is set, but no record is made with dns.manage: false")
	}
}
