package settings

import "fmt"

func (s *Settings) checkPools(p *Problems) {
	if len(s.Pools) == 0 {
		p.add("pools", "describe at least one kind of machine: name, instanceTypes, image, maxMachines", "is empty")
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
	if !poolName.MatchString(pool.Name) {
		p.add(key+"name", "choose a short name, for example gpu", "must be 1–20 lower-case letters, digits and dashes, starting with a letter, not %q", pool.Name)
	}
	if len(pool.InstanceTypes) == 0 {
		p.add(key+"instanceTypes", "list the types in order of preference, for example [g5.xlarge, g4dn.xlarge]", "is empty")
	}
	if (pool.Image.ID == "") == (pool.Image.SSMParameter == "") {
		p.add(key+"image", "set either image.id or image.ssmParameter", "needs exactly one of id and ssmParameter")
	}
	if pool.Image.ID != "" && !imageID.MatchString(pool.Image.ID) {
		p.add(key+"image.id", "write an image's id, for example ami-0123456789abcdef0", "is not an image's id: %q", pool.Image.ID)
	}
	if pool.RootVolumeGiB < 8 || pool.RootVolumeGiB > 16384 {
		p.add(key+"rootVolumeGiB", "100 holds a driver and a workshop's software", "must be between 8 and 16384, not %d", pool.RootVolumeGiB)
	}
	if pool.MaxMachines < 1 || pool.MaxMachines > 1000 {
		p.add(key+"maxMachines", "set how many machines of this pool may exist at once", "must be between 1 and 1000, not %d", pool.MaxMachines)
	}
}

// checkProduction refuses what people in a workshop would pay for.
func (s *Settings) checkProduction(p *Problems) {
	if s.Account.ID == "" {
		p.add("account.id", "write the account's twelve digits in quotes", "is required in production, so that nothing is deployed into another account")
	}
	if s.TLS.Mode == None {
		p.add("tls.mode", "use acme, with dns.domain and tls.email", "is none: production serves over TLS only")
	}
	if s.TLS.Staging {
		p.add("tls.staging", "remove it", "is on: browsers refuse a staging certificate")
	}
	if s.Protection != nil && !*s.Protection {
		p.add("protection", "remove it", "is off: production keeps its address, its data and its name")
	}
	if s.Allocator.AMI == "" {
		p.add("allocator.ami", "pin an image: aws ssm get-parameter --name /aws/service/debian/release/12/latest/arm64", "is not pinned: the host would be replaced when a newer image appears")
	}
	for i, pool := range s.Pools {
		if pool.Image.ID == "" {
			p.add(fmt.Sprintf("pools[%d].image", i), "pin image.id", "is not pinned: machines of one workshop would differ")
		}
	}
}
