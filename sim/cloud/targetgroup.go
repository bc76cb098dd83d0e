package cloud

import (
	"cmp"
	"slices"
	"strings"
)

// TargetGroup is aws:lb/targetGroup:TargetGroup of instances that speak HTTP.
type TargetGroup struct {
	ID                  string       `json:"id"` // its ARN
	Name                string       `json:"name"`
	Port                *int         `json:"port"`
	Protocol            string       `json:"protocol"`
	TargetType          string       `json:"targetType"`
	VPCID               string       `json:"vpcId"`
	DeregistrationDelay *int         `json:"deregistrationDelay"` // seconds; kept without effect
	HealthCheck         *HealthCheck `json:"healthCheck"`
	Tagged
	targetGroupComputed
}

type targetGroupComputed struct {
	ARN              string   `json:"arn"`
	ARNSuffix        string   `json:"arnSuffix"`
	LoadBalancerARNs []string `json:"loadBalancerArns"`
}

// HealthCheck is how a load balancer sees whether a target answers.
type HealthCheck struct {
	Enabled            *bool  `json:"enabled"`
	Path               string `json:"path"`
	Port               string `json:"port"`
	Protocol           string `json:"protocol"`
	Matcher            string `json:"matcher"`
	Interval           *int   `json:"interval"` // seconds
	Timeout            *int   `json:"timeout"`  // seconds
	HealthyThreshold   *int   `json:"healthyThreshold"`
	UnhealthyThreshold *int   `json:"unhealthyThreshold"`
}

// filled is a health check with what was left out.
func (h *HealthCheck) filled() *HealthCheck {
	out := HealthCheck{}
	if h != nil {
		out = *h
	}
	out.Enabled = cmp.Or(out.Enabled, new(true))
	out.Path, out.Port = cmp.Or(out.Path, "/"), cmp.Or(out.Port, "traffic-port")
	out.Protocol, out.Matcher = cmp.Or(out.Protocol, "HTTP"), cmp.Or(out.Matcher, "200")
	out.Interval, out.Timeout = cmp.Or(out.Interval, new(30)), cmp.Or(out.Timeout, new(5))
	out.HealthyThreshold, out.UnhealthyThreshold = cmp.Or(out.HealthyThreshold, new(3)), cmp.Or(out.UnhealthyThreshold, new(3))
	return &out
}

func (h *HealthCheck) check() error {
	in := func(v *int, low, high int) bool { return *v >= low && *v <= high }
	switch {
	case !*h.Enabled:
		return refuse("InvalidConfigurationRequest", "Health checks cannot be disabled for target groups with target type 'instance'")
	case !strings.HasPrefix(h.Path, "/") || len(h.Path) > 1024:
		return refuse("ValidationError", "Health check path '%s' must begin with a '/' character", h.Path)
	case h.Protocol != "HTTP" || h.Port != "traffic-port" || h.Matcher != "200":
		return refuse("ValidationError", "The simulator models health checks over HTTP on the traffic port that match 200")
	case !in(h.Interval, 5, 300) || !in(h.Timeout, 2, 120) || !in(h.HealthyThreshold, 2, 10) || !in(h.UnhealthyThreshold, 2, 10):
		return refuse("ValidationError", "Health check interval must be between 5 and 300 seconds, timeout between 2 and 120, thresholds between 2 and 10")
	case *h.Timeout >= *h.Interval:
		return refuse("ValidationError", "Health check timeout '%d' must be smaller than the interval '%d'", *h.Timeout, *h.Interval)
	}
	return nil
}

// CreateTargetGroup makes a group without targets; there is one of a name.
func (a *Account) CreateTargetGroup(g *TargetGroup) error {
	return a.change(func(m *model) error {
		if !balancingName.MatchString(g.Name) {
			return refuse("ValidationError", "Target group name '%s' must contain only alphanumeric characters or hyphens, be 32 characters or fewer, and must not begin or end with a hyphen", g.Name)
		}
		for _, other := range m.TargetGroups {
			if other.Name == g.Name {
				return refuse("DuplicateTargetGroupName", "A target group with the same name '%s' exists, but with different settings", g.Name)
			}
		}
		g.TargetType = cmp.Or(g.TargetType, "instance")
		switch {
		case g.TargetType != "instance" || g.Protocol != "HTTP":
			return refuse("ValidationError", "The simulator models target groups of instances that speak HTTP, not of %s and %s", g.TargetType, g.Protocol)
		case g.Port == nil || *g.Port < 1 || *g.Port > 65535:
			return refuse("ValidationError", "A port must be specified")
		}
		if _, err := vpcs.get(m, g.VPCID); err != nil {
			return refuse("ValidationError", "The VPC ID '%s' is not found", g.VPCID)
		}
		if err := g.check(); err != nil {
			return err
		}
		g.ARNSuffix = "targetgroup/" + g.Name + "/" + hexDigits(16)
		g.ARN = a.arn("elasticloadbalancing", g.ARNSuffix)
		g.ID = g.ARN
		m.TargetGroups.keep(g.ID, g)
		return nil
	})
}

// check refuses what can also be changed later.
func (g *TargetGroup) check() error {
	g.DeregistrationDelay = cmp.Or(g.DeregistrationDelay, new(300))
	if *g.DeregistrationDelay < 0 || *g.DeregistrationDelay > 3600 {
		return refuse("ValidationError", "Target group attribute value for 'deregistration_delay.timeout_seconds' must be between 0 and 3600 inclusive")
	}
	g.HealthCheck = g.HealthCheck.filled()
	if err := g.HealthCheck.check(); err != nil {
		return err
	}
	return g.settle()
}

// TargetGroup returns one target group by its ARN, with the load balancers that
// forward to it.
func (a *Account) TargetGroup(arn string) (*TargetGroup, error) {
	var out TargetGroup
	err := a.view(func(m *model) error {
		g, err := targetGroups.get(m, arn)
		if err == nil {
			out = *g
			out.LoadBalancerARNs = m.balancersOf(arn)
		}
		return err
	})
	return &out, err
}

// balancersOf are the load balancers that forward to a target group.
func (m *model) balancersOf(group string) []string {
	out := []string{}
	for _, l := range m.Listeners {
		if l.forwardsTo(group) && !slices.Contains(out, l.LoadBalancerARN) {
			out = append(out, l.LoadBalancerARN)
		}
	}
	slices.Sort(out)
	return out
}

// UpdateTargetGroup changes health check, attributes and tags.
func (a *Account) UpdateTargetGroup(arn string, g *TargetGroup) error {
	return targetGroups.update(a, arn, g, func(_ *model, cur *TargetGroup) error {
		g.ID, g.Name, g.Port, g.Protocol, g.TargetType, g.VPCID = cur.ID, cur.Name, cur.Port, cur.Protocol, cur.TargetType, cur.VPCID
		g.targetGroupComputed = cur.targetGroupComputed
		return g.check()
	})
}

// DeleteTargetGroup refuses while a listener forwards to the group; its targets go
// with it.
func (a *Account) DeleteTargetGroup(arn string) error {
	return targetGroups.remove(a, arn, func(m *model, _ *TargetGroup) error {
		if len(m.balancersOf(arn)) > 0 {
			return refuse("ResourceInUse", "Target group '%s' is currently in use by a listener or a rule", arn)
		}
		for id, t := range m.Targets {
			if t.TargetGroupARN == arn {
				delete(m.Targets, id)
			}
		}
		return nil
	})
}

// targetsOf are the instances that a target group has: those that were
// registered, and those of auto scaling groups. They come in the order of their
// ids.
func (m *model) targetsOf(group string) []*Instance {
	var out []*Instance
	for _, i := range m.Instances {
		scaling := m.ScalingGroups[i.ScalingGroup]
		registered := scaling != nil && slices.Contains(scaling.TargetGroupARNs, group)
		for _, t := range m.Targets {
			registered = registered || t.TargetGroupARN == group && t.TargetID == i.ID
		}
		if registered && !i.Gone() {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(x, y *Instance) int { return strings.Compare(x.ID, y.ID) })
	return out
}
