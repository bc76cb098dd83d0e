package cloud

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// LoadBalancer is aws:lb/loadBalancer:LoadBalancer of type application.
type LoadBalancer struct {
	ID                       string   `json:"id"` // its ARN
	Name                     string   `json:"name"`
	LoadBalancerType         string   `json:"loadBalancerType"`
	Internal                 bool     `json:"internal"`
	SecurityGroups           []string `json:"securityGroups"`
	Subnets                  []string `json:"subnets"`
	IdleTimeout              *int     `json:"idleTimeout"` // seconds
	DropInvalidHeaderFields  bool     `json:"dropInvalidHeaderFields"`
	EnableDeletionProtection bool     `json:"enableDeletionProtection"`
	Tagged
	balancerComputed
}

type balancerComputed struct {
	ARN       string `json:"arn"`
	ARNSuffix string `json:"arnSuffix"`
	DNSName   string `json:"dnsName"`
	ZoneID    string `json:"zoneId"`
	VPCID     string `json:"vpcId"`

	// What only this model needs to know.
	Nodes map[string]balancerNode `json:"nodes"` // by subnet
}

// balancerNode is where a load balancer stands in one subnet.
type balancerNode struct {
	PrivateIP string
	PublicIP  string // "" for an internal one
}

// balancerZone is the hosted zone of the names of application load balancers in
// us-west-2.
const balancerZone = "Z1H1FL5HABSF5"

// balancingName is what load balancers and target groups may be called.
var balancingName = regexp.MustCompile(`^[0-9A-Za-z]([0-9A-Za-z-]{0,30}[0-9A-Za-z])?$`)

// CreateLoadBalancer makes a load balancer; there is one of a name.
func (a *Account) CreateLoadBalancer(b *LoadBalancer) error {
	return a.change(func(m *model) error {
		if !balancingName.MatchString(b.Name) || strings.HasPrefix(b.Name, "internal-") {
			return refuse("ValidationError", "Load balancer name '%s' must contain only alphanumeric characters or hyphens, be 32 characters or fewer, and must not begin with 'internal-' or begin or end with a hyphen", b.Name)
		}
		for _, other := range m.LoadBalancers {
			if other.Name == b.Name {
				return refuse("DuplicateLoadBalancerName", "A load balancer with the same name '%s' exists, but with different settings", b.Name)
			}
		}
		if err := b.check(m); err != nil {
			return err
		}
		if !b.Internal && !m.hasGateway(b.VPCID) {
			return refuse("InvalidSubnet", "VPC %s has no internet gateway", b.VPCID)
		}
		number := hexDigits(16)
		b.ARNSuffix = "app/" + b.Name + "/" + number
		b.ARN = a.arn("elasticloadbalancing", "loadbalancer/"+b.ARNSuffix)
		b.ID, b.ZoneID = b.ARN, balancerZone
		b.DNSName = strings.ToLower(b.Name) + "-" + decimalDigits(10) + "." + a.opts.Region + ".elb.amazonaws.com"
		if b.Internal {
			b.DNSName = "internal-" + b.DNSName
		}
		if err := b.settleNodes(m); err != nil {
			return err
		}
		m.LoadBalancers.keep(b.ID, b)
		return nil
	})
}

// settleNodes takes addresses in subnets that are new, and lets those go where the
// load balancer stands no more.
func (b *LoadBalancer) settleNodes(m *model) error {
	nodes := map[string]balancerNode{}
	var taken []string
	for _, id := range b.Subnets {
		n, there := b.Nodes[id]
		if !there {
			var err error
			if n.PrivateIP, err = m.freeAddress(m.Subnets[id], ""); err != nil {
				return err
			}
			if !b.Internal {
				n.PublicIP = m.newPublicIP(taken...)
				taken = append(taken, n.PublicIP)
			}
		}
		nodes[id] = n
	}
	b.Nodes = nodes
	return nil
}

// decimalDigits makes a number of so many digits.
func decimalDigits(n int) string {
	out := ""
	for len(out) < n {
		out += strings.Map(func(r rune) rune {
			if r > '9' {
				return -1
			}
			return r
		}, hexDigits(16))
	}
	return out[:n]
}

// check refuses what AWS refuses, and finds the VPC.
func (b *LoadBalancer) check(m *model) error {
	b.LoadBalancerType = cmp.Or(b.LoadBalancerType, "application")
	if b.LoadBalancerType != "application" {
		return refuse("ValidationError", "The simulator models load balancers of type application, not %q", b.LoadBalancerType)
	}
	b.IdleTimeout = cmp.Or(b.IdleTimeout, new(60))
	if *b.IdleTimeout < 1 || *b.IdleTimeout > 4000 {
		return refuse("ValidationError", "Load balancer attribute value for 'idle_timeout.timeout_seconds' must be between 1 and 4000 inclusive")
	}
	zones := map[string]bool{}
	for _, id := range b.Subnets {
		s, ok := m.Subnets[id]
		switch {
		case !ok:
			return refuse("SubnetNotFound", "The subnet ID '%s' does not exist", id)
		case b.VPCID != "" && s.VPCID != b.VPCID:
			return refuse("InvalidConfigurationRequest", "All subnets must belong to the same VPC: '%s'", b.VPCID)
		case zones[s.AvailabilityZone]:
			return refuse("InvalidConfigurationRequest", "A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
		b.VPCID, zones[s.AvailabilityZone] = s.VPCID, true
	}
	if len(zones) < 2 {
		return refuse("ValidationError", "At least two subnets in two different Availability Zones must be specified")
	}
	if len(b.SecurityGroups) == 0 {
		b.SecurityGroups = []string{m.VPCs[b.VPCID].DefaultSecurityGroupID}
	}
	for _, id := range b.SecurityGroups {
		if g := m.SecurityGroups[id]; g == nil || g.VPCID != b.VPCID {
			return refuse("InvalidSecurityGroup", "Security group(s) not found in VPC %s: %s", b.VPCID, id)
		}
	}
	return b.settle()
}

func (m *model) hasGateway(vpc string) bool {
	for _, g := range m.InternetGateways {
		if g.VPCID == vpc {
			return true
		}
	}
	return false
}

// LoadBalancer returns one load balancer by its ARN.
func (a *Account) LoadBalancer(arn string) (*LoadBalancer, error) { return balancers.lookup(a, arn) }

// UpdateLoadBalancer changes subnets, groups, attributes and tags.
func (a *Account) UpdateLoadBalancer(arn string, b *LoadBalancer) error {
	return balancers.update(a, arn, b, func(m *model, cur *LoadBalancer) error {
		b.ID, b.Name, b.Internal, b.LoadBalancerType, b.balancerComputed = cur.ID, cur.Name, cur.Internal, cur.LoadBalancerType, cur.balancerComputed
		if err := b.check(m); err != nil {
			return err
		}
		return b.settleNodes(m)
	})
}

// DeleteLoadBalancer refuses a protected one; its listeners go with it.
func (a *Account) DeleteLoadBalancer(arn string) error {
	return balancers.remove(a, arn, func(m *model, b *LoadBalancer) error {
		if b.EnableDeletionProtection {
			return refuse("OperationNotPermitted", "Load balancer '%s' cannot be deleted because deletion protection is enabled", arn)
		}
		for id, l := range m.Listeners {
			if l.LoadBalancerARN == arn {
				delete(m.Listeners, id)
			}
		}
		return nil
	})
}

// balancerHas reports whether a load balancer has a security group.
func (m *model) balancerHas(group string) bool {
	for _, b := range m.LoadBalancers {
		if slices.Contains(b.SecurityGroups, group) {
			return true
		}
	}
	return false
}

// balancerIsPublicIn reports whether a load balancer of a VPC has public addresses.
func (m *model) balancerIsPublicIn(vpc string) bool {
	for _, b := range m.LoadBalancers {
		if b.VPCID == vpc && !b.Internal {
			return true
		}
	}
	return false
}

// balancerNamed finds a load balancer by its DNS name.
func (m *model) balancerNamed(name string) *LoadBalancer {
	for _, b := range m.LoadBalancers {
		if b.DNSName == strings.TrimPrefix(trimDot(name), "dualstack.") {
			return b
		}
	}
	return nil
}
