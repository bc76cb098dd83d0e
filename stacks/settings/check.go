package settings

import (
	"net/mail"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

var (
	deploymentName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,18}[a-z0-9]$`)
	poolName       = regexp.MustCompile(`^[a-z][a-z0-9-]{0,18}[a-z0-9]$|^[a-z]$`)
	accountNumber  = regexp.MustCompile(`^[0-9]{12}$`)
	imageID        = regexp.MustCompile(`^ami-[0-9a-f]{8,17}$`)
	domainName     = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$`)
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$`)
	numericID      = regexp.MustCompile(`^[0-9]+$`)
	placeholders   = regexp.MustCompile(`(?i)^(change.?me|password|admin|secret|placeholder.*|todo|example|xxx+|<.*>)$`)
)

func (s *Settings) check(p *Problems) {
	if s.Region == "" {
		p.add("region", "set aws:region, for example us-west-2", "is not known: aws:region is not set")
	}
	if !deploymentName.MatchString(s.Deployment) {
		p.add("deployment", "choose a short name, for example vision-lab", "must be 3–20 lower-case letters, digits and dashes, starting with a letter, not %q", s.Deployment)
	}
	oneOf(p, "kind", s.Kind, KindEnvironment, KindAccount)
	oneOf(p, "environmentClass", s.EnvironmentClass, Production, Other)
	if s.Account.ID != "" && !accountNumber.MatchString(s.Account.ID) {
		p.add("account.id", "write the account's twelve digits in quotes", "must be twelve digits, not %q", s.Account.ID)
	}
	s.checkGitHub(p)
	if s.Kind == KindAccount {
		return
	}
	s.checkNetwork(p)
	s.checkName(p)
	s.checkAllocator(p)
	s.checkPools(p)
	if placeholders.MatchString(s.AdminPassword) || s.AdminPassword != "" && len(s.AdminPassword) < 12 {
		p.add("adminPassword", "leave it out: a strong one is made once and is an output of the stack; or pulumi config set --secret adminPassword …", "is a placeholder or shorter than 12 characters")
	}
	if s.InProduction() {
		s.checkProduction(p)
	}
}

func (s *Settings) checkNetwork(p *Problems) {
	if cidr, err := netip.ParsePrefix(s.Network.Cidr); err != nil || cidr != cidr.Masked() || !cidr.Addr().Is4() || cidr.Bits() < 16 || cidr.Bits() > 24 {
		p.add("network.cidr", "use a private network, for example 10.20.0.0/16", "must be an IPv4 network of /16 to /24, not %q", s.Network.Cidr)
	}
	for _, c := range s.Network.AllowedCidrs {
		if cidr, err := netip.ParsePrefix(c); err != nil || cidr != cidr.Masked() || !cidr.Addr().Is4() {
			p.add("network.allowedCidrs", "use 0.0.0.0/0 for everybody, or networks such as 192.0.2.0/24", "holds %q, which is not an IPv4 network", c)
		}
	}
}

func (s *Settings) checkName(p *Problems) {
	oneOf(p, "dns.provider", s.DNS.Provider, Route53, None)
	oneOf(p, "tls.mode", s.TLS.Mode, ACME, None)
	if s.DNS.Domain == "" && (s.DNS.Provider == Route53 || s.TLS.Mode == ACME) {
		p.add("dns.domain", "set the full name that people type, for example lab.example.org", "is required with dns.provider: route53 and with tls.mode: acme")
	}
	if s.DNS.Domain != "" && !domainName.MatchString(s.DNS.Domain) {
		p.add("dns.domain", "write the full name in lower case without a scheme, for example lab.example.org", "is not a domain name: %q", s.DNS.Domain)
	}
	if s.TLS.Mode != ACME {
		return
	}
	if _, err := mail.ParseAddress(s.TLS.Email); err != nil {
		p.add("tls.email", "set an address that somebody reads: the certificate authority warns there", "is required with tls.mode: acme")
	}
	if !slices.Contains(s.Network.AllowedCidrs, "0.0.0.0/0") {
		p.add("network.allowedCidrs", "allow 0.0.0.0/0, or use tls.mode: none on a network that is closed otherwise", "is narrowed, but the certificate authority checks the name from anywhere (tls.mode: acme)")
	}
}

func (s *Settings) checkAllocator(p *Problems) {
	if v := s.Allocator.Version; v != FromSource {
		p.add("allocator.version", "use source, which deploys this commit", "is %q: a name that can come to mean something else is not a version", v)
	}
	if s.Allocator.AMI != "" && !imageID.MatchString(s.Allocator.AMI) {
		p.add("allocator.ami", "write an image's id, for example ami-0123456789abcdef0", "is not an image's id: %q", s.Allocator.AMI)
	}
	if s.Allocator.DataVolumeGiB < 1 || s.Allocator.DataVolumeGiB > 16384 {
		p.add("allocator.dataVolumeGiB", "20 is plenty for most", "must be between 1 and 16384, not %d", s.Allocator.DataVolumeGiB)
	}
}

func (s *Settings) checkGitHub(p *Problems) {
	if r := s.GitHub.Repository; r != "" && !repositoryName.MatchString(r) {
		p.add("github.repository", "write owner/name", "is not a repository: %q", r)
	}
	for _, id := range []struct{ key, value string }{{"github.repositoryId", s.GitHub.RepositoryID}, {"github.ownerId", s.GitHub.OwnerID}} {
		if id.value != "" && !numericID.MatchString(id.value) {
			p.add(id.key, "ask GitHub's API for the number (gh api repos/OWNER/NAME) and put it in quotes", "is not a number: %q", id.value)
		}
	}
}

func oneOf(p *Problems, key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		p.add(key, "use one of "+strings.Join(allowed, ", "), "is %q", value)
	}
}
