package program

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// findZones is where the environment stands, the host's zone first: the zones
// that are set, or the first two that offer what the environment launches.
func findZones(ctx *pulumi.Context, s *settings.Settings, said *remarks) ([]string, error) {
	// Whatever their state is: a zone that AWS marks as impaired for a while is no
	// reason to move. Not the Local Zones that an account may have switched on:
	// they lack most instance types, and their names sort first.
	there, err := aws.GetAvailabilityZones(ctx, &aws.GetAvailabilityZonesArgs{
		Filters: []aws.GetAvailabilityZonesFilter{{Name: "opt-in-status", Values: []string{"opt-in-not-required"}}},
	})
	if err != nil {
		return nil, fmt.Errorf("list the zones of %s: %w", s.Region, err)
	}
	if len(there.Names) < 2 {
		return nil, fmt.Errorf("aws:region %s has %d zone, LabLink spreads over two: choose another Region", s.Region, len(there.Names))
	}
	o, err := findOffers(ctx, s)
	if err != nil {
		return nil, err
	}
	if len(s.Network.Zones) == 0 {
		zones, err := o.choose(s, slices.Sorted(slices.Values(there.Names)))
		if err == nil {
			said.info(fmt.Sprintf("%s is not set: it means [%s] today, and may mean others when AWS offers an instance type elsewhere, which moves the network. To keep them: lablink:network: {zones: [%[2]s]}", zonesSetting, strings.Join(zones, ", ")))
		}
		return zones, err
	}
	for i, zone := range s.Network.Zones {
		if !slices.Contains(there.Names, zone) {
			return nil, fmt.Errorf(zonesSetting+"[%d]: this account has no zone %s: choose from %v", i, zone, there.Names)
		}
	}
	return s.Network.Zones, o.check(s, zonesSetting, s.Network.Zones)
}

// offers are the zones that offer an instance type, by type.
type offers map[string][]string

func findOffers(ctx *pulumi.Context, s *settings.Settings) (offers, error) {
	types := []string{s.Allocator.InstanceType}
	for _, p := range s.Pools {
		types = append(types, p.InstanceTypes...)
	}
	slices.Sort(types)
	found, err := ec2.GetInstanceTypeOfferings(ctx, &ec2.GetInstanceTypeOfferingsArgs{
		LocationType: pulumi.StringRef("availability-zone"),
		Filters:      []ec2.GetInstanceTypeOfferingsFilter{{Name: "instance-type", Values: slices.Compact(types)}},
	})
	if err != nil {
		return nil, fmt.Errorf("list which zones of %s offer which instance types: %w", s.Region, err)
	}
	out := offers{}
	for i, t := range found.InstanceTypes {
		out[t] = append(out[t], found.Locations[i])
	}
	for _, zones := range out {
		slices.Sort(zones)
	}
	return out, nil
}

// choose takes the first two zones that fit, by name. As long as they fit, no
// change elsewhere in the settings moves the environment.
func (o offers) choose(s *settings.Settings, names []string) ([]string, error) {
	for _, first := range names {
		for _, second := range names {
			if pair := []string{first, second}; first != second && o.check(s, zonesSetting, pair) == nil {
				return pair, nil
			}
		}
	}
	if len(o[s.Allocator.InstanceType]) == 0 {
		return nil, fmt.Errorf("lablink:allocator.instanceType: no zone of %s offers %s: choose another type", s.Region, s.Allocator.InstanceType)
	}
	for i, p := range s.Pools {
		if len(o.of(p)) == 0 {
			return nil, fmt.Errorf("lablink:pools[%d].instanceTypes: no zone of %s offers one of %v: add another type", i, s.Region, p.InstanceTypes)
		}
	}
	return nil, fmt.Errorf("%s: no two zones of %s offer the host's type and one of each pool's types (%v): list three zones or more, one that offers %s first", zonesSetting, s.Region, o, s.Allocator.InstanceType)
}

const zonesSetting = "lablink:network.zones"

// check says why the environment cannot stand in the zones of a setting, the
// first of which is the host's.
func (o offers) check(s *settings.Settings, setting string, zones []string) error {
	if host := s.Allocator.InstanceType; !slices.Contains(o[host], zones[0]) {
		return fmt.Errorf("%s: the first is the host's, but %s does not offer %s: put one of %v first, or choose another allocator.instanceType", setting, zones[0], host, o[host])
	}
	for i, p := range s.Pools {
		offered := o.of(p)
		if !slices.ContainsFunc(zones, func(zone string) bool { return slices.Contains(offered, zone) }) {
			return fmt.Errorf("%s: none of %v offers one of %v, the types of pools[%d]: add one of %v, or another type", setting, zones, p.InstanceTypes, i, offered)
		}
	}
	return nil
}

// of are the zones that offer a type of a pool.
func (o offers) of(p settings.Pool) []string {
	var out []string
	for _, t := range p.InstanceTypes {
		out = append(out, o[t]...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
