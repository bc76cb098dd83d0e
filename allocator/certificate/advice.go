package certificate

import (
	"errors"
	"net"

	"github.com/mholt/acmez/v3/acme"
)

// advice is what to do about a failure, for who runs the environment.
func (c *Certificate) advice(err error) string {
	var refused acme.Problem
	var record *recordError
	var network net.Error
	switch {
	case errors.As(err, &record):
		return "the record " + challengeName(c.Domain) + " was not changed: may the host's role do that, and is lablink:dns.zoneId the zone that the name is delegated to?"
	case errors.As(err, &refused):
		return c.adviceOn(refused.Type)
	case errors.As(err, &network):
		return "the authority cannot be reached: is it up (https://letsencrypt.status.io), and may this host reach it on port 443?"
	}
	return "either the authority did not answer as it should (https://letsencrypt.status.io), or the folder of certificates cannot be used"
}

func (c *Certificate) adviceOn(problem string) string {
	switch problem {
	case acme.ProblemTypeRateLimited:
		return "the authority has issued or refused too often for this name and takes no more for now: keep the data volume, which keeps certificates, and try things out with lablink:tls.staging"
	case acme.ProblemTypeRejectedIdentifier:
		return "the authority does not issue for this name: check lablink:dns.domain"
	case acme.ProblemTypeCAA:
		return "a CAA record forbids the authority: allow it in the zone, for example letsencrypt.org"
	case acme.ProblemTypeInvalidContact, acme.ProblemTypeUnsupportedContact:
		return "the authority does not take the address in lablink:tls.email: set one that exists"
	}
	if c.Records != nil {
		return "does the authority see the record " + challengeName(c.Domain) + "? lablink:dns.zoneId must be the zone that the name is delegated to"
	}
	return "does the name point at this host's public address, and may everybody reach that on port 80? Where lablink:network.allowedCidrs is narrowed, set lablink:tls.challenge: dns"
}
