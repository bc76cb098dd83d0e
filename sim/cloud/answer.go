package cloud

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// CloudflareEdge is the address at which Cloudflare answers for names that it
// proxies.
const CloudflareEdge = "173.245.48.1"

// Answer is what the internet's DNS says to a question: the values of a name's
// records of a type, texts without their quotes. What leads to a load balancer, an
// alias or a CNAME, is answered with its addresses.
func (a *Account) Answer(name, kind string) (out []string) {
	_ = a.view(func(m *model) error {
		out = m.answer(trimDot(name), kind)
		return nil
	})
	return out
}

func (m *model) answer(name, kind string) (out []string) {
	for _, r := range m.Records {
		if r.FQDN != name || r.Type != kind {
			continue
		}
		for _, value := range r.Records {
			out = append(out, strings.Trim(value, `"`))
		}
		for _, alias := range r.Aliases {
			out = append(out, m.balancerAnswer(alias.Name, kind)...)
		}
	}
	return slices.Concat(out, m.balancerAnswer(name, kind), m.cloudflareAnswer(name, kind))
}

// balancerAnswer are the addresses of a load balancer's name, in the order of its
// subnets.
func (m *model) balancerAnswer(name, kind string) (out []string) {
	b := m.balancerNamed(name)
	if b == nil || kind != "A" {
		return nil
	}
	for _, subnet := range slices.Sorted(maps.Keys(b.Nodes)) {
		n := b.Nodes[subnet]
		out = append(out, cmp.Or(n.PublicIP, n.PrivateIP))
	}
	return out
}

// cloudflareAnswer is what Cloudflare's zones say.
func (m *model) cloudflareAnswer(name, kind string) (out []string) {
	for _, r := range m.CloudflareRecords {
		switch {
		case r.Hostname != name:
		case r.Proxied && kind == "A":
			out = append(out, CloudflareEdge)
		case r.Proxied:
		case r.Type == kind:
			out = append(out, r.Content)
		case r.Type == "CNAME":
			out = append(out, m.balancerAnswer(r.Content, kind)...)
		}
	}
	return out
}
