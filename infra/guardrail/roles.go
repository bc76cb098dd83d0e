package guardrail

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

const ec2Service = "ec2.amazonaws.com"

// trustIsExact reads the roles that AWS's services act under, machines' apart, and
// those of workflows.
func trustIsExact(s Stack) []string {
	return s.each(role, func(p recording.Record) string {
		rules, wrong := rulesOf(p, "assumeRolePolicy")
		for _, r := range rules {
			service := r.Principal["Service"]
			switch {
			case len(r.Principal) == 1 && len(r.Principal["Federated"]) == 1 && forOneWorkflow(r):
			case len(r.Principal["Federated"]) > 0:
				return fmt.Sprintf("trusts tokens of %v for more than named subjects", r.Principal["Federated"])
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

// forOneWorkflow reports whether tokens are for AWS and for subjects that are
// written out.
func forOneWorkflow(r policy.Rule) bool {
	var audiences, subjects []string
	for key, values := range r.Condition["StringEquals"] {
		switch {
		case strings.HasSuffix(key, ":aud"):
			audiences = values
		case strings.HasSuffix(key, ":sub"):
			subjects = values
		}
	}
	return slices.Equal(audiences, []string{"sts.amazonaws.com"}) && len(subjects) > 0
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

// machineRolesAreBounded reads the same roles: whatever policies they are given,
// the boundary stays.
func machineRolesAreBounded(s Stack) []string {
	want := cmp.Or(s.Boundary, "arn:aws:iam::"+s.Namer.AccountID+":policy/"+identity.BoundaryName(s.Namer))
	return s.each(role, func(p recording.Record) string {
		boundary := p.Text("permissionsBoundary")
		switch machines := strings.HasPrefix(p.Text("path"), "/lablink/"); {
		case machines && boundary != want:
			return fmt.Sprintf("is bounded by %q", boundary)
		case !machines && boundary != "":
			return "is bounded like a machine's"
		}
		return ""
	})
}
