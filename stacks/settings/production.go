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
	if s.Allocator.AMI == "" {
		p.add("allocator.ami", "pin an image: aws ssm get-parameter --name /aws/service/debian/release/12/latest/arm64", "is not pinned: the host would be replaced when a newer image appears")
	}
	for i, pool := range s.Pools {
		if pool.Image.ID == "" {
			p.add(fmt.Sprintf("pools[%d].image", i), "pin image.id", "is not pinned: machines of one workshop would differ")
		}
	}
}
