package settings

import (
	"fmt"
	"regexp"
	"slices"
)

var (
	poolName     = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$`)
	instanceType = regexp.MustCompile(`^[a-z][a-z0-9-]*\.[a-z0-9.-]+$`)
)

// maxPools is how many pools there may be. The host's role names the role of each,
// and AWS takes 10 240 characters of what a role may do.
const maxPools = 20

func (s *Settings) checkPools(p *Problems) {
	if len(s.Pools) == 0 {
		p.add("pools", "describe at least one kind of machine: name, instanceTypes, image, maxMachines", "is empty")
	}
	if len(s.Pools) > maxPools {
		p.add("pools", fmt.Sprintf("keep %d at most, or put the others into an environment of their own", maxPools), "has %d, and the policy of the host's role has room for %d", len(s.Pools), maxPools)
	}
	seen := map[string]bool{}
	for i, pool := range s.Pools {
		key := fmt.Sprintf("pools[%d].", i)
		pool.check(key, p)
		if seen[pool.Name] {
			p.add(key+"name", "give each pool a name of its own", "is %q, as another pool's", pool.Name)
		}
		seen[pool.Name] = true
	}
}

func (pool Pool) check(key string, p *Problems) {
	pool.checkCommon(key, p)
	pool.Image.check(key+"image", p)
	pool.checkCollect(key+"collect", p)
	pool.checkSetup(key, p)
	pool.checkContainer(key, p)
	if pool.MaxMachines < 1 || pool.MaxMachines > 1000 {
		p.add(key+"maxMachines", "set how many machines of this pool may exist at once", "must be between 1 and 1000, not %d", pool.MaxMachines)
	}
	if pool.MaxHourlyUSD < 0 {
		p.add(key+"maxHourlyUsd", "set US dollars an hour that one machine may cost, for example 1.25, or 0 for no cap", "must be 0 or more, not %v", pool.MaxHourlyUSD)
	}
}

// checkCommon checks what machines and the images that are built for them have.
func (pool Pool) checkCommon(key string, p *Problems) {
	if !poolName.MatchString(pool.Name) {
		p.add(key+"name", "choose a short name, for example gpu", "must be 1–20 lower-case letters, digits and dashes, starting with a letter, not %q", pool.Name)
	}
	pool.checkTypes(key+"instanceTypes", p)
	if pool.RootVolumeGiB < 8 || pool.RootVolumeGiB > 16384 {
		p.add(key+"rootVolumeGiB", "100 holds a driver and a workshop's software", "must be between 8 and 16384, not %d", pool.RootVolumeGiB)
	}
}

func (pool Pool) checkTypes(key string, p *Problems) {
	if len(pool.InstanceTypes) == 0 {
		p.add(key, "list the types in order of preference, for example [g5.xlarge, g4dn.xlarge]", "is empty")
	}
	for i, t := range pool.InstanceTypes {
		entry := fmt.Sprintf("%s[%d]", key, i)
		if !instanceType.MatchString(t) {
			p.add(entry, "write an EC2 instance type, for example g5.xlarge", "is not an instance type: %q", t)
		}
		if slices.Contains(pool.InstanceTypes[:i], t) {
			p.add(entry, "remove it", "is %q, which is in the list already: EC2 refuses to launch from such a list", t)
		}
	}
}
