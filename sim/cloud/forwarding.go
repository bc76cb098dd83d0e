package cloud

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// Entrance is a connection that a load balancer takes.
type Entrance struct {
	Balancer string // its ARN
	Port     int
	Source   string // the address from which it comes
}

// Target is where a load balancer passes requests on to.
type Target struct {
	Group    string // the target group's ARN
	Instance string
	Port     int
}

// Forwarding is what a load balancer does with a request.
type Forwarding struct {
	Protocol           string            // of the listener: HTTP or HTTPS
	Redirect           *ListenerRedirect // nil: the request goes to one of Targets
	Targets            []Target
	DropInvalidHeaders bool
}

// TargetCheck is a target whose health a load balancer watches.
type TargetCheck struct {
	Target
	HealthCheck
	Balancer string // its ARN
}

// BalancerNamed is the ARN of the load balancer that has a DNS name or a public
// address, or "".
func (a *Account) BalancerNamed(name string) (arn string) {
	_ = a.view(func(m *model) error {
		for _, b := range m.LoadBalancers {
			if b == m.balancerNamed(name) || b.standsAt(name) {
				arn = b.ARN
			}
		}
		return nil
	})
	return arn
}

// standsAt reports whether a public address is the load balancer's.
func (b *LoadBalancer) standsAt(address string) bool {
	for _, n := range b.Nodes {
		if n.PublicIP != "" && n.PublicIP == address {
			return true
		}
	}
	return false
}

// EnterBalancer decides whether from can open a connection to a port of a load
// balancer. The error says what stands in the way.
func (a *Account) EnterBalancer(from Peer, arn string, port int) (Entrance, error) {
	e := Entrance{Balancer: arn, Port: port}
	err := a.view(func(m *model) error {
		b, err := balancers.get(m, arn)
		if err != nil {
			return err
		}
		w, err := m.wayToBalancer(from, b)
		if err != nil {
			return err
		}
		if err := m.pass(w, m.groupsOf(from), b.SecurityGroups, port); err != nil {
			return err
		}
		e.Source = w.source
		_, err = m.listenerAt(e)
		return err
	})
	return e, err
}

func (m *model) wayToBalancer(from Peer, b *LoadBalancer) (way, error) {
	source, n := m.Instances[from.Instance], b.node()
	if source != nil && source.InstanceState != "running" {
		return way{}, fmt.Errorf("instance %s is %s", source.ID, source.InstanceState)
	}
	if b.Internal {
		if source == nil || m.vpcOf(source) != b.VPCID {
			return way{}, fmt.Errorf("load balancer %s is reached inside VPC %s only", b.Name, b.VPCID)
		}
		return way{true, source.PrivateIP, n.PrivateIP}, nil
	}
	w := way{source: from.Address, target: n.PublicIP}
	if source != nil {
		var err error
		if w.source, err = m.out(source, n.PublicIP); err != nil {
			return way{}, err
		}
	}
	if r := m.routeFrom(b.Subnets[0], w.source); r == nil || r.GatewayID == "" {
		return way{}, fmt.Errorf("subnet %s of load balancer %s has no route to an internet gateway for %s", b.Subnets[0], b.Name, w.source)
	}
	return w, nil
}

// node is the one of a load balancer's nodes that works here.
func (b *LoadBalancer) node() balancerNode { return b.Nodes[b.Subnets[0]] }

func (m *model) listenerAt(e Entrance) (*Listener, error) {
	for _, l := range m.Listeners {
		if l.LoadBalancerARN == e.Balancer && *l.Port == e.Port {
			return l, nil
		}
	}
	return nil, fmt.Errorf("load balancer %s has no listener on port %d", e.Balancer, e.Port)
}

// BalancerTLS is how a load balancer speaks TLS on a port; nil where it does not.
func (a *Account) BalancerTLS(e Entrance) (*tls.Config, error) {
	var out *tls.Config
	err := a.view(func(m *model) error {
		l, err := m.listenerAt(e)
		if err != nil || l.Protocol != "HTTPS" {
			return err
		}
		pair, err := m.Certificates[l.CertificateARN].pair()
		if err != nil {
			return fmt.Errorf("serve with certificate %s: %w", l.CertificateARN, err)
		}
		policy := sslPolicies[policyNamed(l.SSLPolicy)]
		out = &tls.Config{
			Certificates: []tls.Certificate{pair}, MinVersion: policy.low, MaxVersion: policy.high,
			NextProtos: []string{"h2", "http/1.1"},
		}
		return nil
	})
	return out, err
}

// Forward is what happens to a request that comes in by an entrance.
func (a *Account) Forward(e Entrance) (Forwarding, error) {
	var out Forwarding
	err := a.view(func(m *model) error {
		l, err := m.listenerAt(e)
		if err != nil {
			return err
		}
		out.Protocol, out.DropInvalidHeaders = l.Protocol, m.LoadBalancers[e.Balancer].DropInvalidHeaderFields
		action := l.DefaultActions[0]
		if action.Type == "redirect" {
			redirect := *action.Redirect
			out.Redirect = &redirect
			return nil
		}
		out.Targets = m.targetsIn(action.TargetGroupARN)
		return nil
	})
	return out, err
}

func (m *model) targetsIn(group string) []Target {
	var out []Target
	for _, i := range m.targetsOf(group) {
		out = append(out, Target{group, i.ID, *m.TargetGroups[group].Port})
	}
	return out
}

// TargetChecks are the targets of groups that a load balancer forwards to.
func (a *Account) TargetChecks() []TargetCheck {
	var out []TargetCheck
	_ = a.view(func(m *model) error {
		for arn, g := range m.TargetGroups {
			for _, b := range m.balancersOf(arn) {
				for _, t := range m.targetsIn(arn) {
					out = append(out, TargetCheck{t, *g.HealthCheck, b})
				}
			}
		}
		return nil
	})
	return out
}

// ReachTarget decides whether a load balancer can connect to a port of an
// instance, and says from which address it comes.
func (a *Account) ReachTarget(balancer, instance string, port int) (source string, err error) {
	err = a.view(func(m *model) error {
		b, err := balancers.get(m, balancer)
		if err != nil {
			return err
		}
		i, err := instances.get(m, instance)
		if err != nil {
			return err
		}
		if i.InstanceState != "running" {
			return fmt.Errorf("instance %s is %s", i.ID, i.InstanceState)
		}
		source = b.node().PrivateIP
		return m.pass(way{true, source, i.PrivateIP}, b.SecurityGroups, i.VPCSecurityGroupIDs, port)
	})
	return source, err
}

// ForBalancers reports whether load balancers are all who may reach a port of an
// instance: there are rules for it, and each names a load balancer's group.
func (a *Account) ForBalancers(instance string, port int) (only bool) {
	_ = a.view(func(m *model) error {
		i := m.Instances[instance]
		if i == nil {
			return nil
		}
		for _, r := range m.Rules {
			if r.Egress || !slices.Contains(i.VPCSecurityGroupIDs, r.SecurityGroupID) || !r.covers(port) {
				continue
			}
			if only = r.ReferencedSecurityGroupID != "" && m.balancerHas(r.ReferencedSecurityGroupID); !only {
				return nil
			}
		}
		return nil
	})
	return only
}

// Location is where a redirect sends a request that asked for these.
func (r *ListenerRedirect) Location(protocol, host, port, path, query string) string {
	fill := strings.NewReplacer(
		"#{protocol}", strings.ToLower(protocol), "#{host}", host, "#{port}", port, "#{path}", strings.TrimPrefix(path, "/"), "#{query}", query,
	).Replace
	out := strings.ToLower(fill(r.Protocol)) + "://" + fill(r.Host) + ":" + fill(r.Port) + fill(r.Path)
	if q := fill(r.Query); q != "" {
		out += "?" + q
	}
	return out
}
