package settings

import (
	"reflect"
	"regexp"
	"strings"
)

var (
	deploymentName = regexp.MustCompile(`^[a-z][a-z0-9-]{1,18}[a-z0-9]$`)
	stackName      = regexp.MustCompile(`^[a-z]([a-z0-9-]{0,14}[a-z0-9])?$`)
	regionName     = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+$`)
	otherPartition = regexp.MustCompile(`^(cn|us-gov|us-iso[a-z]?|eu-isoe|eusc)-`)
	accountNumber  = regexp.MustCompile(`^[0-9]{12}$`)
	imageID        = regexp.MustCompile(`^ami-([0-9a-f]{8}|[0-9a-f]{17})$`)
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$`)
	numericID      = regexp.MustCompile(`^[0-9]+$`)
	placeholders   = regexp.MustCompile(`(?i)change.?me|place.?holder|your.?password|^(password|admin|secret|todo|example|xxx+|<.*>)`)
)

// keptPrefixes are what AWS keeps names for itself by. Those that it knows by their
// ends cannot come up: a bucket's ends in a Region or a hash.
var keptPrefixes = []struct{ prefix, by string }{
	{"sg-", "EC2 (for security groups)"}, {"xn--", "S3"}, {"sthree-", "S3"}, {"amzn-s3-demo-", "S3"},
}

func (s *Settings) check(p *Problems) {
	s.checkWhere(p)
	checkChoices("", reflect.ValueOf(*s), p)
	s.checkGitHub(p)
	s.checkBudget(p)
	if s.Kind == KindAccount {
		s.checkBaked(p)
	} else {
		s.checkNetwork(p)
		s.checkName(p)
		s.checkBalancer(p)
		s.checkAllocator(p)
		s.checkPools(p)
		s.checkSessions(p)
		s.checkDatabase(p)
		checkEmails("alarms.emails", s.Alarms.Emails, p)
		s.checkOIDC(p)
	}
	if s.InProduction() {
		s.checkProduction(p)
	}
}

// checkWhere checks what names are made of and where they are.
func (s *Settings) checkWhere(p *Problems) {
	if !stackName.MatchString(s.Environment) {
		p.add(stackKey, "name the stack shortly, for example test or prod", "must be 1–16 lower-case letters, digits and dashes, starting with a letter, as it is part of every name, not %q", s.Environment)
	}
	switch {
	case s.Region == "":
		p.add(regionKey, "set it, for example to us-west-2", "is not set")
	case !regionName.MatchString(s.Region):
		p.add(regionKey, "write a Region's name, for example us-west-2", "is not a Region: %q", s.Region)
	case otherPartition.MatchString(s.Region):
		p.add(regionKey, "choose one of the others, for example us-west-2", "is %q: the Regions of China, of governments and of the European sovereign cloud are apart from the others, and LabLink does not know their names", s.Region)
	}
	if !deploymentName.MatchString(s.Deployment) {
		p.add("deployment", "choose a short name, for example vision-lab", "must be 3–20 lower-case letters, digits and dashes, starting with a letter, not %q", s.Deployment)
	}
	for _, kept := range keptPrefixes {
		if strings.HasPrefix(s.Deployment+"-", kept.prefix) {
			p.add("deployment", "choose another name, for example vision-lab", "is %q: every name begins with it, and %s takes none that begins with %s", s.Deployment, kept.by, kept.prefix)
		}
	}
	if s.Account.ID != "" && !accountNumber.MatchString(s.Account.ID) {
		p.add("account.id", "write the account's twelve digits in quotes", "must be twelve digits, not %q", s.Account.ID)
	}
}

func (s *Settings) checkAllocator(p *Problems) {
	s.checkRelease(p)
	if s.Allocator.AMI != "" && !imageID.MatchString(s.Allocator.AMI) {
		p.add("allocator.ami", "write an image's id, for example ami-0123456789abcdef0", "is not an image's id: %q", s.Allocator.AMI)
	}
	if t := s.Allocator.InstanceType; !instanceType.MatchString(t) {
		p.add("allocator.instanceType", "write an EC2 instance type, for example t4g.small", "is not an instance type: %q", t)
	}
	if s.Allocator.DataVolumeGiB < 1 || s.Allocator.DataVolumeGiB > 16384 {
		p.add("allocator.dataVolumeGiB", "20 is plenty for most", "must be between 1 and 16384, not %d", s.Allocator.DataVolumeGiB)
	}
	if pw := s.AdminPassword; pw != "" && (len(pw) < 12 || placeholders.MatchString(pw)) {
		p.add("adminPassword", "leave it out: a strong one is made once and is an output of the stack; or pulumi config set --secret lablink:adminPassword", "is a placeholder or shorter than 12 characters")
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
	if s.GitHub.OwnerID != "" && s.GitHub.RepositoryID == "" {
		p.add("github.repositoryId", "set both (gh api repos/OWNER/NAME --jq '.id, .owner.id'), or neither", "is missing, while github.ownerId is set: GitHub names a run by both")
	}
}
