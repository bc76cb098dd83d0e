package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// ofOffers looks whether the zones offer what is launched there: the first one the
// host's type, one of them a type of each pool.
func (d *Doctor) ofOffers(ctx context.Context) []Finding {
	const check = "zones"
	if !d.Stack.environment() {
		return nil
	}
	s := d.Stack.Settings
	zones := s.Network.Zones
	if !s.OwnVPC() {
		var err error
		zones, err = d.Account.SubnetZones(ctx, s.Network.SubnetIDs)
		if errors.Is(err, ErrMissing) {
			return []Finding{wrong(check, "look at lablink:network.subnetIds (aws ec2 describe-subnets --region "+s.Region+")", "one of the subnets is not there: %s", err)}
		}
		if err != nil {
			return []Finding{unknown(check, err)}
		}
	}
	types := []string{s.Allocator.InstanceType}
	for _, p := range s.Pools {
		types = append(types, p.InstanceTypes...)
	}
	offers, err := d.Account.Offers(ctx, types)
	if err != nil {
		return []Finding{unknown(check, err)}
	}
	return []Finding{fitting(check, s, zones, offers)}
}

// fitting says whether zones offer what an environment launches. Without zones any
// of the Region's will do.
func fitting(check string, s *settings.Settings, zones []string, offers map[string][]string) Finding {
	offered := func(types ...string) (here, anywhere []string) {
		for _, t := range types {
			anywhere = append(anywhere, offers[t]...)
		}
		slices.Sort(anywhere)
		anywhere = slices.Compact(anywhere)
		if len(zones) == 0 {
			return anywhere, anywhere
		}
		return slices.DeleteFunc(slices.Clone(zones), func(z string) bool { return !slices.Contains(anywhere, z) }), anywhere
	}
	host := s.Allocator.InstanceType
	if here, anywhere := offered(host); len(here) == 0 || len(zones) > 0 && here[0] != zones[0] {
		return wrong(check, fmt.Sprintf("put one of %v first, or choose another lablink:allocator.instanceType", anywhere), "the host's zone does not offer %s", host)
	}
	for i, p := range s.Pools {
		if here, anywhere := offered(p.InstanceTypes...); len(here) == 0 {
			return wrong(check, fmt.Sprintf("add one of the zones %v, or another type to lablink:pools[%d].instanceTypes", anywhere, i), "no zone offers one of %v, the types of pool %s", p.InstanceTypes, p.Name)
		}
	}
	if len(zones) == 0 {
		return ok(check, "the Region offers a type for each pool, and %s for the host", host)
	}
	return ok(check, "%s offer a type for each pool, and %s for the host", strings.Join(zones, ", "), host)
}
