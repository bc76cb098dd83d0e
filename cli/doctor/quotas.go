package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// class are the families of instance types that share EC2's quotas for vCPUs, which
// differ by market.
type class struct {
	name           string
	families       []string // what stands before the digits of a type
	onDemand, spot string   // codes of quotas
}

// classes are those that desktops and hosts run on
// (https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html).
var classes = []class{
	{"G and VT", []string{"g", "gr", "vt"}, "L-DB2E81BA", "L-3819A6DF"},
	{"P", []string{"p"}, "L-417A185B", "L-7212CCBC"},
	{"standard", []string{"a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"}, "L-1216C47A", "L-34B43A08"},
}

// classOf is the class of a type; nil for one that no class here counts.
func classOf(instanceType string) *class {
	family := instanceType[:max(0, strings.IndexAny(instanceType, "0123456789"))]
	i := slices.IndexFunc(classes, func(c class) bool { return slices.Contains(c.families, family) })
	if i < 0 {
		return nil
	}
	return &classes[i]
}

// need are the vCPUs that count against a quota when all there may be runs.
type need struct {
	check, code string
	vcpus       int
	by          []string // what needs them
}

// ofQuotas compares EC2's quotas with what hosts and pools take at most.
func (d *Doctor) ofQuotas(ctx context.Context) []Finding {
	if !d.Stack.environment() {
		return nil
	}
	needs, err := d.needs(ctx)
	if err != nil {
		return []Finding{unknown("quotas of vCPUs", err)}
	}
	var found []Finding
	for _, n := range needs {
		value, err := d.Account.Quota(ctx, n.code)
		switch {
		case err != nil:
			found = append(found, unknown(n.check, err))
		case value < float64(n.vcpus):
			found = append(found, wrong(n.check, d.raise(n.code, n.vcpus)+", or lower maxMachines", "%.0f vCPUs, and %d are needed for %s", value, n.vcpus, strings.Join(n.by, ", ")))
		default:
			found = append(found, ok(n.check, "%.0f vCPUs, for the %d of %s", value, n.vcpus, strings.Join(n.by, ", ")))
		}
	}
	return found
}

// raise asks AWS for more.
func (d *Doctor) raise(code string, value int) string {
	return fmt.Sprintf("aws service-quotas request-service-quota-increase --region %s --service-code ec2 --quota-code %s --desired-value %d", d.Stack.Settings.Region, code, value)
}

// needs are what is needed of each quota, in the order of the classes.
func (d *Doctor) needs(ctx context.Context) ([]need, error) {
	s := d.Stack.Settings
	all := map[string]need{}
	err := d.count(ctx, all, []string{s.Allocator.InstanceType}, settings.OnDemand, s.Allocator.Replicas, "the host")
	for _, p := range s.Pools {
		err = errors.Join(err, d.count(ctx, all, p.InstanceTypes, p.Market, p.MaxMachines, fmt.Sprintf("%d machines of pool %s", p.MaxMachines, p.Name)))
	}
	var out []need
	for _, c := range classes {
		for _, code := range []string{c.onDemand, c.spot} {
			if n, there := all[code]; there {
				out = append(out, n)
			}
		}
	}
	return out, err
}

// count adds what some machines need, each of the largest of its types.
func (d *Doctor) count(ctx context.Context, all map[string]need, types []string, market string, machines int, what string) error {
	largest := map[*class]int{}
	for _, name := range types {
		t, err := d.Account.Type(ctx, name)
		if err != nil {
			return fmt.Errorf("the size of %s: %w", name, err)
		}
		if c := classOf(name); c != nil {
			largest[c] = max(largest[c], t.VCPUs)
		}
	}
	for c, vcpus := range largest {
		for _, code := range c.codes(market) {
			n := all[code]
			n.check, n.code = "quota "+c.name, code
			if code == c.spot {
				n.check += ", spot"
			}
			n.vcpus, n.by = n.vcpus+machines*vcpus, append(n.by, what)
			all[code] = n
		}
	}
	return nil
}

// codes are the quotas that a market counts against.
func (c *class) codes(market string) []string {
	switch market {
	case settings.Spot:
		return []string{c.spot}
	case settings.SpotThenOnDemand:
		return []string{c.onDemand, c.spot}
	}
	return []string{c.onDemand}
}
