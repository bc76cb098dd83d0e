package settings

import "regexp"

// certificateARN says Region and account of a certificate of ACM.
var certificateARN = regexp.MustCompile(`^arn:aws:acm:([a-z0-9-]+):([0-9]{12}):certificate/[0-9a-f-]{36}$`)

// maxReplicas is how many hosts there may be; more than a few is a mistake.
const maxReplicas = 10

// checkBalancer checks what load balancers and several hosts need.
func (s *Settings) checkBalancer(p *Problems) {
	s.checkCertificateARN(p)
	n := s.Allocator.Replicas
	if n < 1 || n > maxReplicas {
		p.add("allocator.replicas", "1 serves several hundred people; 2 outlive the loss of a zone", "must be between 1 and %d, not %d", maxReplicas, n)
	}
	if n < 2 {
		return
	}
	if s.Database.Engine != Postgres {
		p.add("database.engine", "set database.engine: postgres, or allocator.replicas: 1", "is %s, but %d allocators need a database that they share", s.Database.Engine, n)
	}
	if s.TLS.Mode != ACM && s.TLS.Mode != Cloudflare {
		p.add("tls.mode", "set tls.mode: acm, or allocator.replicas: 1", "is %s, but with %d allocators a load balancer ends TLS, which takes a certificate of acm or cloudflare", s.TLS.Mode, n)
	}
}

func (s *Settings) checkCertificateARN(p *Problems) {
	const key = "tls.certificateArn"
	arn := s.TLS.CertificateARN
	found := certificateARN.FindStringSubmatch(arn)
	switch {
	case arn == "" && s.TLS.Mode == ACM && (s.DNS.Provider != Route53 || !s.ManagesRecord()):
		p.add(key, "request a certificate in AWS Certificate Manager and set its ARN, or use dns.provider: route53 with dns.manage: true", "is required with tls.mode: acm where the name's zone is not managed in Route 53: ACM issues a certificate for a record there")
	case arn == "":
	case s.TLS.Mode != ACM:
		p.add(key, "set tls.mode: acm, or remove the ARN", "is set, but nothing serves with it with tls.mode: %s", s.TLS.Mode)
	case found == nil:
		p.add(key, "copy it from AWS Certificate Manager: arn:aws:acm:REGION:ACCOUNT:certificate/ID", "is not a certificate's ARN: %q", arn)
	case found[1] != s.Region:
		p.add(key, "request the certificate in "+s.Region+" and set that one", "is in %s, but a load balancer takes certificates of its own Region, %s", found[1], s.Region)
	case s.Account.ID != "" && found[2] != s.Account.ID:
		p.add(key, "request the certificate in this account and set that one", "is of account %s, but a load balancer takes certificates of its own account, %s", found[2], s.Account.ID)
	}
}
