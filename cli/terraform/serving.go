package terraform

import (
	"cmp"
	"net/netip"
	"net/url"
	"strings"
)

// findHost finds the instance that the allocator runs on.
func (p *Plan) findHost() error {
	host, err := only[struct{ ID string }](p.State.managed("aws_instance"), "instance, the allocator's host,")
	p.Host = host.attributes.ID
	return err
}

// url is where people reach the allocator. The older generation's output is the name
// alone, or "N/A" where there is none.
func (p *Plan) url() string {
	at := p.State.Outputs.URL.Value
	if p.Older && !strings.Contains(at, "://") {
		return "https://" + strings.TrimPrefix(at, "N/A")
	}
	return at
}

// Domain is the name that people type, or "" where they type an address.
func (p *Plan) Domain() string {
	if p.Record != nil {
		return p.Record.Name
	}
	at, err := url.Parse(p.url())
	if err != nil || at.Hostname() == "" {
		return ""
	}
	if _, err := netip.ParseAddr(at.Hostname()); err == nil {
		return ""
	}
	return at.Hostname()
}

// findCertificate finds the certificate of a load balancer, where there is one.
func (p *Plan) findCertificate() error {
	for _, o := range p.State.managed("aws_lb_listener") {
		a, err := read[struct {
			ARN string `json:"certificate_arn"`
		}](o)
		if err != nil {
			return err
		}
		p.Certificate = cmp.Or(p.Certificate, a.ARN)
	}
	return nil
}

// TLS is the mode in which the stack gets its certificate.
func (p *Plan) TLS() string {
	switch {
	case p.Certificate != "":
		return "acm"
	case p.Config.SSL.Provider == "cloudflare":
		return "cloudflare"
	case p.Domain() != "" && strings.HasPrefix(p.url(), "https://"):
		return "acme"
	}
	return "none"
}
