package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/quota"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

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
	for _, c := range quota.Classes {
		for _, code := range []string{c.OnDemand, c.Spot} {
			if n, there := all[code]; there {
				out = append(out, n)
			}
		}
	}
	return out, err
}

// count adds what some machines need, each of the largest of its types.
func (d *Doctor) count(ctx context.Context, all map[string]need, types []string, market string, machines int, what string) error {
	largest := map[*quota.Class]int{}
	for _, name := range types {
		t, err := d.Account.Type(ctx, name)
		if err != nil {
			return fmt.Errorf("the size of %s: %w", name, err)
		}
		if c := quota.ClassOf(name); c != nil {
			largest[c] = max(largest[c], t.VCPUs)
		}
	}
	for c, vcpus := range largest {
		for _, code := range codes(c, market) {
			n := all[code]
			n.check, n.code = "quota "+c.Name, code
			if code == c.Spot {
				n.check += ", spot"
			}
			n.vcpus, n.by = n.vcpus+machines*vcpus, append(n.by, what)
			all[code] = n
		}
	}
	return nil
}

// codes are the quotas that a market counts against.
func codes(c *quota.Class, market string) []string {
	switch market {
	case settings.Spot:
		return []string{c.Spot}
	case settings.SpotThenOnDemand:
		return []string{c.OnDemand, c.Spot}
	}
	return []string{c.OnDemand}
}
