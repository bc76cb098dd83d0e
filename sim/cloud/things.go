package cloud

import (
	"maps"
	"slices"
	"strings"
)

// Thing is something that carries tags, by its ARN.
type Thing struct {
	ARN  string
	Tags map[string]string
}

// Things are what the tagging API of the account's Region knows, by their ARNs:
// not auto scaling groups, objects, and what IAM and Budgets have, as on AWS. Like
// EC2, it knows an instance for an hour after its end.
func (a *Account) Things() []Thing {
	var out []Thing
	_ = a.view(func(m *model) error {
		for _, list := range []func(*Account, *model) []Thing{networkThings, computeThings, balancingThings, dataThings, otherThings} {
			out = append(out, list(a, m)...)
		}
		return nil
	})
	out = slices.DeleteFunc(out, func(t Thing) bool { return len(t.Tags) == 0 })
	slices.SortFunc(out, func(x, y Thing) int { return strings.Compare(x.ARN, y.ARN) })
	return out
}

// things are the entries of a table.
func things[T any](t table[T], of func(*T) (arn string, tags map[string]string)) (out []Thing) {
	for _, v := range t {
		arn, tags := of(v)
		out = append(out, Thing{arn, maps.Clone(tags)})
	}
	return out
}

func networkThings(a *Account, m *model) []Thing {
	return slices.Concat(
		things(m.VPCs, func(v *VPC) (string, map[string]string) { return v.ARN, v.Tags }),
		things(m.Subnets, func(s *Subnet) (string, map[string]string) { return s.ARN, s.Tags }),
		things(m.InternetGateways, func(g *InternetGateway) (string, map[string]string) { return g.ARN, g.Tags }),
		things(m.RouteTables, func(t *RouteTable) (string, map[string]string) { return t.ARN, t.Tags }),
		things(m.Endpoints, func(e *VPCEndpoint) (string, map[string]string) { return e.ARN, e.Tags }),
		things(m.SecurityGroups, func(g *SecurityGroup) (string, map[string]string) { return g.ARN, g.Tags }),
		things(m.Rules, func(r *SecurityGroupRule) (string, map[string]string) { return r.ARN, r.Tags }),
		things(m.Interfaces, func(n *NetworkInterface) (string, map[string]string) { return n.ARN, n.Tags }),
		things(m.NATGateways, func(n *NATGateway) (string, map[string]string) { return a.arn("ec2", "natgateway/"+n.ID), n.Tags }),
		things(m.Addresses, func(e *EIP) (string, map[string]string) { return e.ARN, e.Tags }),
	)
}

func computeThings(a *Account, m *model) []Thing {
	out := slices.Concat(
		things(m.Volumes, func(v *Volume) (string, map[string]string) { return v.ARN, v.Tags }),
		things(m.Snapshots, func(s *Snapshot) (string, map[string]string) {
			return "arn:aws:ec2:" + a.opts.Region + "::snapshot/" + s.ID, s.Tags
		}),
		things(m.LaunchTemplates, func(t *LaunchTemplate) (string, map[string]string) { return t.ARN, t.Tags }),
		things(m.BuiltImages, func(i *Image) (string, map[string]string) {
			return "arn:aws:ec2:" + a.opts.Region + "::image/" + i.ID, i.Tags
		}),
	)
	for _, i := range m.Instances {
		if !i.forgotten(a.now()) {
			out = append(out, Thing{i.ARN, maps.Clone(i.Tags)})
		}
		if i.InstanceState != "terminated" { // its root volume ends with it
			out = append(out, Thing{a.arn("ec2", "volume/"+i.RootBlockDevice.VolumeID), maps.Clone(i.RootBlockDevice.Tags)})
		}
	}
	return out
}

func balancingThings(_ *Account, m *model) []Thing {
	return slices.Concat(
		things(m.LoadBalancers, func(b *LoadBalancer) (string, map[string]string) { return b.ARN, b.Tags }),
		things(m.TargetGroups, func(g *TargetGroup) (string, map[string]string) { return g.ARN, g.Tags }),
		things(m.Listeners, func(l *Listener) (string, map[string]string) { return l.ARN, l.Tags }),
		things(m.Certificates, func(c *Certificate) (string, map[string]string) { return c.ARN, c.Tags }),
	)
}

func dataThings(_ *Account, m *model) []Thing {
	return slices.Concat(
		things(m.DBInstances, func(d *DBInstance) (string, map[string]string) { return d.ARN, d.Tags }),
		things(m.DBSubnetGroups, func(g *DBSubnetGroup) (string, map[string]string) { return g.ARN, g.Tags }),
		things(m.DBParameterGroups, func(g *DBParameterGroup) (string, map[string]string) { return g.ARN, g.Tags }),
		things(m.LifecyclePolicies, func(p *LifecyclePolicy) (string, map[string]string) { return p.ARN, p.Tags }),
		things(m.Buckets, func(b *Bucket) (string, map[string]string) { return b.ARN, b.Tags }),
		things(m.Keys, func(k *Key) (string, map[string]string) { return k.ARN, k.Tags }),
		things(m.Parameters, func(p *Parameter) (string, map[string]string) { return p.ARN, p.Tags }),
	)
}

func otherThings(_ *Account, m *model) []Thing {
	return slices.Concat(
		things(m.Topics, func(t *Topic) (string, map[string]string) { return t.ARN, t.Tags }),
		things(m.MetricAlarms, func(x *MetricAlarm) (string, map[string]string) { return x.ARN, x.Tags }),
		things(m.ImageComponents, func(c *ImageComponent) (string, map[string]string) { return c.ARN, c.Tags }),
		things(m.ImageRecipes, func(r *ImageRecipe) (string, map[string]string) { return r.ARN, r.Tags }),
		things(m.ImageInfrastructures, func(i *ImageInfrastructure) (string, map[string]string) { return i.ARN, i.Tags }),
		things(m.ImageDistributions, func(d *ImageDistribution) (string, map[string]string) { return d.ARN, d.Tags }),
		things(m.ImagePipelines, func(p *ImagePipeline) (string, map[string]string) { return p.ARN, p.Tags }),
	)
}
