package settings

import "slices"

// checkCertificate checks how the allocator gets its certificate.
func (s *Settings) checkCertificate(p *Problems) {
	if s.TLS.Mode == ACME {
		s.checkACME(p)
		return
	}
	if s.InProduction() && s.TLS.Mode == None {
		return // that is what is wrong
	}
	if s.TLS.Challenge == ChallengeDNS {
		p.add("tls.challenge", "use tls.mode: acme, or remove it", "is dns, but no authority is asked with tls.mode: %s", s.TLS.Mode)
	}
	if s.TLS.Staging {
		p.add("tls.staging", "use tls.mode: acme, or remove it", "is on, but no authority is asked with tls.mode: %s", s.TLS.Mode)
	}
}

func (s *Settings) checkACME(p *Problems) {
	const fix = "set an address that somebody reads: the certificate authority warns there"
	if s.TLS.Email == "" {
		p.add("tls.email", fix, "is required with tls.mode: acme")
	} else if !isEmail(s.TLS.Email) {
		p.add("tls.email", fix, "is not an e-mail address: %q", s.TLS.Email)
	}
	switch {
	case s.TLS.Challenge != ChallengeDNS && !slices.Contains(s.Network.AllowedCidrs, everybody):
		p.add("network.allowedCidrs", "set tls.challenge: dns with dns.provider: route53, for which nobody has to be let in, or allow 0.0.0.0/0", "is narrowed, but the certificate authority checks the name from anywhere (tls.challenge: http)")
	case s.TLS.Challenge == ChallengeDNS && s.DNS.Provider == Cloudflare:
		p.add("tls.challenge", "use tls.mode: cloudflare, or keep the zone in Route 53", "is dns, but the allocator's host has no token that changes records at Cloudflare (dns.provider: cloudflare)")
	case s.TLS.Challenge == ChallengeDNS && s.DNS.Provider != Route53:
		p.add("tls.challenge", "set dns.provider: route53 (with dns.manage: false if you make the address record by hand), or use tls.challenge: http", "is dns, but there is no zone in which to answer the authority (dns.provider: %s)", s.DNS.Provider)
	}
}
