package guardrail

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/infra/policy"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

const ec2Service = "ec2.amazonaws.com"

// servicesActForThisAccount reads the roles that AWS's services act under,
// machines' apart.
func servicesActForThisAccount(s Stack) []string {
	return s.each(role, func(p recording.Record) string {
		rules, wrong := rulesOf(p, "assumeRolePolicy")
		for _, r := range rules {
			service := r.Principal["Service"]
			switch {
			case len(r.Principal) == 1 && len(r.Principal["Federated"]) == 1: // workflows
			case len(r.Principal) != 1 || len(service) != 1:
				return fmt.Sprintf("trusts %v", r.Principal)
			case service[0] != ec2Service && !s.forThisAccount(r):
				return fmt.Sprintf("trusts %v for any account", r.Principal)
			}
		}
		return wrong
	})
}

func (s Stack) forThisAccount(r policy.Rule) bool {
	return slices.Equal(r.Condition["StringEquals"]["aws:SourceAccount"], []string{s.Namer.AccountID})
}

// machineRolesAreForEC2 reads the roles that instance profiles hand to machines.
func machineRolesAreForEC2(s Stack) []string {
	handed := map[string]bool{}
	for _, p := range s.Of(profile) {
		handed[p.Text("role")] = true
	}
	return s.each(role, func(p recording.Record) string {
		rules, wrong := rulesOf(p, "assumeRolePolicy")
		for _, r := range rules {
			if handed[p.Text("name")] && (len(r.Principal) != 1 || !slices.Equal(r.Principal["Service"], []string{ec2Service})) {
				return fmt.Sprintf("trusts %v", r.Principal)
			}
		}
		return wrong
	})
}

// boundaryARN is the ARN of a boundary, which has the name of its deployment: of the
// stack's, or of the account's.
var boundaryARN = regexp.MustCompile(`^arn:aws:iam::[0-9]+:policy/[a-z][a-z0-9-]*-boundary-[a-z0-9-]+$`)

// machineRolesAreBounded reads the same roles: whatever policies they are given,
// the boundary stays.
func machineRolesAreBounded(s Stack) []string {
	return s.each(role, func(p recording.Record) string {
		boundary := p.Text("permissionsBoundary")
		if boundaryARN.MatchString(boundary) == strings.HasPrefix(p.Text("path"), "/lablink/") {
			return ""
		}
		return fmt.Sprintf("is bounded by %q", boundary)
	})
}
