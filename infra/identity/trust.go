package identity

import (
	"github.com/talmolab/lablink-infrastructure/infra/identity/subject"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// Trust lets runs of a repository in one context assume a role.
func Trust(provider string, r Repository, context string) policy.Document {
	const issuer = "token.actions.githubusercontent.com:"
	equals := map[string][]string{issuer + "aud": {"sts.amazonaws.com"}, issuer + "sub": subject.Of(r, context)}
	if r.ID != "" {
		equals[issuer+"repository_id"] = []string{r.ID}
	}
	return policy.Document{{
		Principal: map[string]string{"Federated": provider},
		Action:    []string{"sts:AssumeRoleWithWebIdentity"},
		Condition: policy.Condition{"StringEquals": equals},
	}}
}
