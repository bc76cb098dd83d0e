package settings

import "net/url"

// checkOIDC wants a provider that is reached over TLS, and somebody who may log in.
func (s *Settings) checkOIDC(p *Problems) {
	o := s.OIDC
	named := len(o.Admins) + len(o.Instructors) + len(o.Viewers)
	if o.Issuer == "" {
		if o.ClientID != "" || named > 0 {
			p.add("oidc.issuer", "write the provider's issuer, for example https://accounts.google.com, or remove the rest of oidc", "is missing, and without it nobody is asked")
		}
		return
	}
	if u, err := url.Parse(o.Issuer); err != nil || u.Scheme != "https" || u.Host == "" {
		p.add("oidc.issuer", "write it as https://accounts.google.com", "is not an address over TLS: %q", o.Issuer)
	}
	if o.ClientID == "" {
		p.add("oidc.clientId", "register this deployment at the provider, which says it", "is missing")
	}
	if named == 0 {
		p.add("oidc.admins", "list addresses, @domains or groups in admins, instructors or viewers", "is empty, as are the others: nobody could log in")
	}
}
