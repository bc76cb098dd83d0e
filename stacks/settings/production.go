package settings

import "fmt"

// checkProduction refuses what people in a workshop would pay for.
func (s *Settings) checkProduction(p *Problems) {
	if s.Account.ID == "" {
		p.add("account.id", "write the account's twelve digits in quotes", "is required in production, so that nothing is deployed into another account")
	}
	if s.Protection != nil && !*s.Protection && !s.Retiring {
		p.add("protection", "remove it; to take the stack away: lablink unprotect --stack "+s.Environment+" --confirm "+s.Environment, "is off: production keeps its address, its data and its name")
	}
	if s.Kind == KindAccount {
		return
	}
	if s.TLS.Mode == None {
		p.add("tls.mode", "use acme, with dns.domain and tls.email", "is none: production serves over TLS only")
	}
	if s.TLS.Staging {
		p.add("tls.staging", "remove it", "is on: neither browsers nor machines accept a staging certificate")
	}
	if s.Allocator.Address == Dynamic && s.DNS.Domain != "" {
		p.add("allocator.address", "remove it: the address then survives the host", "is dynamic, but dns.domain points at it: whoever has the name would reach nobody after the host is replaced")
	}
	if s.Allocator.AMI == "" {
		p.add("allocator.ami", "lablink image pin --host "+s.Environment+" writes today's", "is not pinned: the host would be replaced when a newer image appears")
	}
	if s.OwnVPC() && len(s.Network.SubnetIDs) == 0 && len(s.Network.Zones) == 0 {
		p.add("network.zones", "list two by their whole names, the host's first; aws ec2 describe-instance-type-offerings --location-type availability-zone --filters Name=instance-type,Values="+s.Allocator.InstanceType+" shows those that offer the host's type",
			"is not set: the network would move when AWS offers an instance type in another zone")
	}
	if *s.Database.BackupDays == 0 {
		p.add("database.backupDays", "set 1 to 35; 7 is a week", "is 0: production keeps backups")
	}
	for i, pool := range s.Pools {
		if pool.Image.ID == "" {
			p.add(fmt.Sprintf("pools[%d].image", i), fmt.Sprintf("lablink image pin %s %s writes today's image.id", s.Environment, pool.Name), "is not pinned: machines of one workshop would differ")
		}
		if pool.Container != "" && !pinned.MatchString(pool.Container) {
			p.add(fmt.Sprintf("pools[%d].container", i), "write its digest behind the name, @sha256:DIGEST: skopeo inspect docker://"+pool.Container+" tells it", "is not pinned by its digest: machines of one workshop would differ")
		}
	}
}
