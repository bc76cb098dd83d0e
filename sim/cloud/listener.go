package cloud

import (
	"cmp"
	"crypto/tls"
	"slices"
	"strings"
)

// Listener is aws:lb/listener:Listener of an application load balancer, with one
// action: to forward to a target group, or to redirect.
type Listener struct {
	ID              string           `json:"id"` // its ARN
	LoadBalancerARN string           `json:"loadBalancerArn"`
	Port            *int             `json:"port"`
	Protocol        string           `json:"protocol"`
	SSLPolicy       string           `json:"sslPolicy,omitempty"`
	CertificateARN  string           `json:"certificateArn,omitempty"`
	DefaultActions  []ListenerAction `json:"defaultActions"`
	Tagged
	listenerComputed
}

type listenerComputed struct {
	ARN string `json:"arn"`
}

// ListenerAction is what happens to a request.
type ListenerAction struct {
	Type           string            `json:"type"`
	TargetGroupARN string            `json:"targetGroupArn,omitempty"`
	Redirect       *ListenerRedirect `json:"redirect,omitempty"`
	Order          int               `json:"order,omitempty"`
}

// ListenerRedirect is where a request is sent instead; "#{…}" stands for a part of
// the request itself.
type ListenerRedirect struct {
	Protocol   string `json:"protocol,omitempty"`
	Host       string `json:"host,omitempty"`
	Port       string `json:"port,omitempty"`
	Path       string `json:"path,omitempty"`
	Query      string `json:"query,omitempty"`
	StatusCode string `json:"statusCode"`
}

// sslPolicy is which versions of TLS a policy lets in.
type sslPolicy struct {
	name      string
	low, high uint16
}

// sslPolicies are those that AWS names for application load balancers, as far as
// they are known here. The first is what a listener has that names none.
var sslPolicies = []sslPolicy{
	{"ELBSecurityPolicy-2016-08", tls.VersionTLS10, tls.VersionTLS12},
	{"ELBSecurityPolicy-TLS-1-2-2017-01", tls.VersionTLS12, tls.VersionTLS12},
	{"ELBSecurityPolicy-FS-1-2-Res-2020-10", tls.VersionTLS12, tls.VersionTLS12},
	{"ELBSecurityPolicy-TLS13-1-2-2021-06", tls.VersionTLS12, tls.VersionTLS13},
	{"ELBSecurityPolicy-TLS13-1-2-Res-2021-06", tls.VersionTLS12, tls.VersionTLS13},
	{"ELBSecurityPolicy-TLS13-1-3-2021-06", tls.VersionTLS13, tls.VersionTLS13},
}

// policyNamed is the place of a policy in sslPolicies, or -1.
func policyNamed(name string) int {
	return slices.IndexFunc(sslPolicies, func(p sslPolicy) bool { return p.name == name })
}

// CreateListener opens a port of a load balancer.
func (a *Account) CreateListener(l *Listener) error {
	return a.change(func(m *model) error {
		b, err := balancers.get(m, l.LoadBalancerARN)
		if err != nil {
			return err
		}
		if err := l.check(m, b); err != nil {
			return err
		}
		l.ARN = strings.Replace(b.ARN, ":loadbalancer/", ":listener/", 1) + "/" + hexDigits(16)
		l.ID = l.ARN
		m.Listeners.keep(l.ID, l)
		return nil
	})
}

func (l *Listener) check(m *model, b *LoadBalancer) error {
	l.Protocol = strings.ToUpper(cmp.Or(l.Protocol, "HTTP"))
	if l.Port == nil || *l.Port < 1 || *l.Port > 65535 {
		return refuse("ValidationError", "A port must be specified")
	}
	for _, other := range m.Listeners {
		if other.LoadBalancerARN == b.ARN && *other.Port == *l.Port && other.ID != l.ID {
			return refuse("DuplicateListener", "A listener already exists on this port for this load balancer '%s'", b.ARN)
		}
	}
	if err := l.checkTLS(m); err != nil {
		return err
	}
	if len(l.DefaultActions) != 1 {
		return refuse("ValidationError", "The simulator models listeners with one action")
	}
	action := &l.DefaultActions[0]
	action.Order = cmp.Or(action.Order, 1)
	switch action.Type {
	case "forward":
		return cmp.Or(m.checkForward(b, action), l.settle())
	case "redirect":
		return cmp.Or(action.Redirect.check(), l.settle())
	}
	return refuse("ValidationError", "The simulator models actions that forward or redirect, not %q", action.Type)
}

func (l *Listener) checkTLS(m *model) error {
	switch l.Protocol {
	case "HTTP":
		if l.CertificateARN != "" || l.SSLPolicy != "" {
			return refuse("ValidationError", "A certificate and an SSL policy cannot be specified for HTTP listeners")
		}
		return nil
	case "HTTPS":
	default:
		return refuse("UnsupportedProtocol", "Listener protocol '%s' must be one of 'HTTP, HTTPS'", l.Protocol)
	}
	l.SSLPolicy = cmp.Or(l.SSLPolicy, sslPolicies[0].name)
	if policyNamed(l.SSLPolicy) < 0 {
		return refuse("SSLPolicyNotFound", "SSL policy '%s' not found", l.SSLPolicy)
	}
	if l.CertificateARN == "" {
		return refuse("ValidationError", "A certificate must be specified for HTTPS listeners")
	}
	c := m.Certificates[l.CertificateARN]
	switch {
	case c == nil:
		return refuse("CertificateNotFound", "Certificate '%s' not found", l.CertificateARN)
	case c.Status != issued:
		return refuse("UnsupportedCertificate", "The certificate '%s' must have a fully-qualified domain name, a supported signature, and a supported key size.", l.CertificateARN)
	}
	return nil
}

func (m *model) checkForward(b *LoadBalancer, action *ListenerAction) error {
	if action.TargetGroupARN == "" {
		return refuse("ValidationError", "A target group ARN must be specified")
	}
	g, err := targetGroups.get(m, action.TargetGroupARN)
	if err != nil {
		return err
	}
	if g.VPCID != b.VPCID {
		return refuse("InvalidConfigurationRequest", "The following target groups have a different VPC than load balancer '%s': %s", b.ARN, g.ARN)
	}
	for _, other := range m.balancersOf(g.ARN) {
		if other != b.ARN {
			return refuse("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", g.ARN)
		}
	}
	return nil
}

// check also fills in what was left out: those parts stay as they are.
func (r *ListenerRedirect) check() error {
	if r == nil || r.StatusCode != "HTTP_301" && r.StatusCode != "HTTP_302" {
		return refuse("ValidationError", "A redirect must have a status code of HTTP_301 or HTTP_302")
	}
	r.Protocol, r.Host, r.Port = cmp.Or(r.Protocol, "#{protocol}"), cmp.Or(r.Host, "#{host}"), cmp.Or(r.Port, "#{port}")
	r.Path, r.Query = cmp.Or(r.Path, "/#{path}"), cmp.Or(r.Query, "#{query}")
	if r.Protocol == "#{protocol}" && r.Host == "#{host}" && r.Port == "#{port}" && r.Path == "/#{path}" {
		return refuse("InvalidLoadBalancerAction", "The redirect configuration is not valid because it creates a loop.")
	}
	return nil
}

func (l *Listener) forwardsTo(group string) bool {
	return slices.ContainsFunc(l.DefaultActions, func(x ListenerAction) bool { return x.TargetGroupARN == group })
}

// Listener returns one listener by its ARN.
func (a *Account) Listener(arn string) (*Listener, error) { return listeners.lookup(a, arn) }

// UpdateListener changes everything but the load balancer.
func (a *Account) UpdateListener(arn string, l *Listener) error {
	return listeners.update(a, arn, l, func(m *model, cur *Listener) error {
		l.ID, l.LoadBalancerARN, l.listenerComputed = cur.ID, cur.LoadBalancerARN, cur.listenerComputed
		return l.check(m, m.LoadBalancers[cur.LoadBalancerARN])
	})
}

// DeleteListener closes the port.
func (a *Account) DeleteListener(arn string) error { return listeners.remove(a, arn, nil) }
