package terraform

import (
	"cmp"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
)

// findZone finds the zone, whether Terraform made it or looked it up.
func (p *Plan) findZone() error {
	if p.Record != nil {
		p.Zone.ID = p.Record.ZoneID
	}
	for _, mode := range []string{"data", "managed"} {
		for _, o := range p.State.objects(mode, "aws_route53_zone") {
			a, err := read[struct {
				Name string
				ID   string `json:"zone_id"`
			}](o)
			if err != nil {
				return err
			}
			p.Zone = Zone{ID: a.ID, Name: a.Name, At: o.Address, Managed: mode == "managed"}
			if p.Zone.Managed {
				p.Forget = append(p.Forget, o.Address)
			}
		}
	}
	return nil
}

// ofBucket is a bucket in a policy. The allocator's lets it reach the states of its
// machines, and nothing else of S3.
var ofBucket = regexp.MustCompile(`arn:aws:s3:::([a-z0-9][a-z0-9.-]+[a-z0-9])`)

func (p *Plan) findBuckets() error {
	for _, o := range p.State.managed("aws_s3_bucket") {
		a, err := read[struct{ ID string }](o)
		if err != nil {
			return err
		}
		p.Buckets = append(p.Buckets, Bucket{Name: a.ID, At: o.Address})
		p.Forget = append(p.Forget, o.Address)
	}
	for _, kind := range []string{"aws_iam_policy", "aws_iam_role_policy"} {
		for _, o := range p.State.managed(kind) {
			a, err := read[struct{ Policy string }](o)
			if err != nil {
				return err
			}
			if m := ofBucket.FindStringSubmatch(a.Policy); m != nil {
				p.StateBucket = m[1]
			}
		}
	}
	return nil
}

func (p *Plan) findHost() error {
	host, err := only[struct{ ID string }](p.State.managed("aws_instance"), "instance, the allocator's host,")
	p.Host = host.attributes.ID
	return err
}

// Domain is the name that people type, or "" where they type an address.
func (p *Plan) Domain() string {
	if p.Record != nil {
		return p.Record.Name
	}
	at, err := url.Parse(p.State.Outputs.URL.Value)
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
	case strings.HasPrefix(p.State.Outputs.URL.Value, "https://"), p.Older && p.Record != nil: // which names no scheme
		return "acme"
	}
	return "none"
}
