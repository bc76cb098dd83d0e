package cloud

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// ScalingGroup is aws:autoscaling/group:Group that launches from a template.
type ScalingGroup struct {
	ID                     string           `json:"id"` // its name
	Name                   string           `json:"name"`
	MinSize                int              `json:"minSize"`
	MaxSize                int              `json:"maxSize"`
	DesiredCapacity        *int             `json:"desiredCapacity"`
	VPCZoneIdentifiers     []string         `json:"vpcZoneIdentifiers"`
	TargetGroupARNs        []string         `json:"targetGroupArns,omitempty"`
	HealthCheckType        string           `json:"healthCheckType"`
	HealthCheckGracePeriod *int             `json:"healthCheckGracePeriod"` // seconds; kept without effect
	LaunchTemplate         *ScalingTemplate `json:"launchTemplate,omitempty"`
	Tags                   []ScalingTag     `json:"tags,omitempty"`
	scalingComputed
}

type scalingComputed struct {
	ARN                  string   `json:"arn"`
	AvailabilityZones    []string `json:"availabilityZones"`
	ServiceLinkedRoleARN string   `json:"serviceLinkedRoleArn"`
}

// ScalingTemplate is what instances of a group are launched from.
type ScalingTemplate struct {
	ID      string `json:"id,omitempty"`
	Name    string `json:"name,omitempty"`
	Version string `json:"version,omitempty"`
}

// ScalingTag is a tag of a group, and of its instances when it is propagated.
type ScalingTag struct {
	Key               string `json:"key"`
	Value             string `json:"value"`
	PropagateAtLaunch bool   `json:"propagateAtLaunch"`
}

// CreateScalingGroup makes a group and starts its instances.
func (a *Account) CreateScalingGroup(g *ScalingGroup) error {
	return a.change(func(m *model) error {
		if g.Name == "" || len(g.Name) > 255 || strings.ContainsAny(g.Name, ":") {
			return refuse("ValidationError", "The name %q is not valid for an Auto Scaling group", g.Name)
		}
		if m.ScalingGroups[g.Name] != nil {
			return refuse("AlreadyExists", "AutoScalingGroup by this name already exists - A group with the name %s already exists", g.Name)
		}
		g.ID = g.Name
		g.ARN = a.arn("autoscaling", "autoScalingGroup:"+uuid.NewString()+":autoScalingGroupName/"+g.Name)
		g.ServiceLinkedRoleARN = a.iamARN("role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling")
		if err := g.check(m); err != nil {
			return err
		}
		if err := a.canFill(m, g); err != nil {
			return err
		}
		m.ScalingGroups.keep(g.ID, g)
		return a.fill(m, m.ScalingGroups[g.ID])
	})
}

func (g *ScalingGroup) check(m *model) error {
	g.DesiredCapacity = cmp.Or(g.DesiredCapacity, new(g.MinSize))
	g.HealthCheckType = cmp.Or(g.HealthCheckType, "EC2")
	g.HealthCheckGracePeriod = cmp.Or(g.HealthCheckGracePeriod, new(300))
	if g.MinSize < 0 || g.MaxSize < g.MinSize || *g.DesiredCapacity < g.MinSize || *g.DesiredCapacity > g.MaxSize {
		return refuse("ValidationError", "Desired capacity:%d must be between the specified min size:%d and max size:%d", *g.DesiredCapacity, g.MinSize, g.MaxSize)
	}
	if g.HealthCheckType != "EC2" && g.HealthCheckType != "ELB" {
		return refuse("ValidationError", "Unsupported health check type: %s", g.HealthCheckType)
	}
	if _, err := g.template(m); err != nil {
		return err
	}
	if len(g.VPCZoneIdentifiers) == 0 {
		return refuse("ValidationError", "At least one Availability Zone or VPC Subnet is required.")
	}
	g.AvailabilityZones = nil
	for _, id := range g.VPCZoneIdentifiers {
		s := m.Subnets[id]
		if s == nil {
			return refuse("ValidationError", "The subnet ID '%s' does not exist", id)
		}
		if !slices.Contains(g.AvailabilityZones, s.AvailabilityZone) {
			g.AvailabilityZones = append(g.AvailabilityZones, s.AvailabilityZone)
		}
	}
	for _, arn := range g.TargetGroupARNs {
		if m.TargetGroups[arn] == nil {
			return refuse("ValidationError", "Provided Target Groups may not be valid. Please ensure they exist and try again.")
		}
	}
	tags := Tagged{Tags: map[string]string{}}
	for _, t := range g.Tags {
		tags.Tags[t.Key] = t.Value
	}
	return tags.settle()
}

// template is the launch template, in a version that can be launched from.
func (g *ScalingGroup) template(m *model) (*LaunchTemplate, error) {
	if g.LaunchTemplate == nil {
		return nil, refuse("ValidationError", "You must use a valid fully-formed launch template. A launch template must be specified")
	}
	for _, t := range m.LaunchTemplates {
		if t.ID == g.LaunchTemplate.ID || g.LaunchTemplate.ID == "" && t.Name == g.LaunchTemplate.Name {
			g.LaunchTemplate.ID, g.LaunchTemplate.Name, g.LaunchTemplate.Version = t.ID, t.Name, cmp.Or(g.LaunchTemplate.Version, "$Default")
			return t, t.version(g.LaunchTemplate.Version)
		}
	}
	return nil, refuse("ValidationError", "You must use a valid fully-formed launch template. The specified launch template, with template ID %s, does not exist.", g.LaunchTemplate.ID)
}

// instance describes one that the group would launch into a subnet.
func (g *ScalingGroup) instance(m *model, subnet string) (*Instance, error) {
	t, err := g.template(m)
	if err != nil {
		return nil, err
	}
	i, err := t.instance()
	if err != nil {
		return nil, err
	}
	i.SubnetID, i.ScalingGroup = subnet, g.Name
	for _, tag := range g.Tags {
		if tag.PropagateAtLaunch {
			i.Tags[tag.Key] = tag.Value
		}
	}
	return i, nil
}

// canFill says why the group's instances cannot be had, in the words of the
// provider, which waits for them.
func (a *Account) canFill(m *model, g *ScalingGroup) error {
	for _, subnet := range g.VPCZoneIdentifiers {
		i, err := g.instance(m, subnet)
		if err == nil {
			_, err = a.checkLaunch(m, i)
		}
		if err != nil && *g.DesiredCapacity > 0 {
			return refuse("ScalingActivityFailed", "waiting for Auto Scaling Group (%s) capacity satisfied: want at least %d healthy instance(s) in Auto Scaling Group, have 0: Failed. Launching EC2 instance failed. %s", g.Name, *g.DesiredCapacity, err)
		}
	}
	return nil
}

// members are the instances of a group that live, the oldest first.
func (m *model) members(name string) []*Instance {
	var out []*Instance
	for _, i := range m.Instances {
		if i.ScalingGroup == name && !i.Gone() {
			out = append(out, i)
		}
	}
	slices.SortFunc(out, func(x, y *Instance) int {
		return cmp.Or(x.LaunchTime.Compare(y.LaunchTime), strings.Compare(x.ID, y.ID))
	})
	return out
}

// fill starts and ends instances until there are as many as are wanted, each new
// one where there are fewest.
func (a *Account) fill(m *model, g *ScalingGroup) error {
	live := m.members(g.Name)
	for len(live) < *g.DesiredCapacity {
		in := func(subnet string) (n int) {
			for _, i := range live {
				if i.SubnetID == subnet {
					n++
				}
			}
			return n
		}
		subnet := slices.MinFunc(g.VPCZoneIdentifiers, func(x, y string) int { return cmp.Compare(in(x), in(y)) })
		i, err := g.instance(m, subnet)
		if err != nil {
			return err
		}
		if err := a.launch(m, i); err != nil {
			return err
		}
		live = append(live, i)
	}
	for _, i := range live[*g.DesiredCapacity:] {
		i.InstanceState, i.StateReason = "shutting-down", "Client.UserInitiatedShutdown"
		a.end(i.ID)
	}
	return nil
}

// replaceMember starts another instance where one of a group has ended.
func (a *Account) replaceMember(m *model, gone *Instance) {
	if g := m.ScalingGroups[gone.ScalingGroup]; g != nil && len(m.members(g.Name)) < *g.DesiredCapacity && a.canFill(m, g) == nil {
		_ = a.fill(m, g) // was seen to be possible
	}
}

// ScalingGroup returns one group by its name.
func (a *Account) ScalingGroup(name string) (*ScalingGroup, error) {
	return scalingGroups.lookup(a, name)
}

// UpdateScalingGroup changes the group. Another template is for instances that
// start from then on.
func (a *Account) UpdateScalingGroup(name string, g *ScalingGroup) error {
	return a.change(func(m *model) error {
		cur, err := scalingGroups.get(m, name)
		if err != nil {
			return err
		}
		g.ID, g.Name, g.scalingComputed = cur.ID, cur.Name, cur.scalingComputed
		if err := g.check(m); err != nil {
			return err
		}
		if len(m.members(name)) < *g.DesiredCapacity {
			if err := a.canFill(m, g); err != nil {
				return err
			}
		}
		*cur = *g
		return a.fill(m, cur)
	})
}

// EmptyScalingGroup ends all instances of a group, as the provider does before it
// deletes one.
func (a *Account) EmptyScalingGroup(name string) error {
	return a.change(func(m *model) error {
		g, err := scalingGroups.get(m, name)
		if err != nil {
			return err
		}
		g.MinSize, g.MaxSize, g.DesiredCapacity = 0, 0, new(0)
		return a.fill(m, g)
	})
}

// DeleteScalingGroup refuses while the group has instances, also while they end.
func (a *Account) DeleteScalingGroup(name string) error {
	return scalingGroups.remove(a, name, func(m *model, _ *ScalingGroup) error {
		for _, i := range m.Instances {
			if i.ScalingGroup == name && i.InstanceState != "terminated" {
				return refuse("ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) still in the group.")
			}
		}
		return nil
	})
}
