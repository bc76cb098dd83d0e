package identity

import (
	"fmt"
	"strings"

	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// Subjects are the forms in which GitHub names runs of a repository in a
// context: by names, and by names with ids, which survive a rename.
func Subjects(r Repository, context string) []string {
	out := []string{"repo:" + r.Name + ":" + context}
	if r.ID != "" && r.OwnerID != "" {
		owner, repository, _ := strings.Cut(r.Name, "/")
		out = append(out, fmt.Sprintf("repo:%s@%s/%s@%s:%s", owner, r.OwnerID, repository, r.ID, context))
	}
	return out
}

// Trust lets runs of a repository in one context assume a role.
func Trust(provider string, r Repository, context string) policy.Document {
	const issuer = "token.actions.githubusercontent.com:"
	equals := map[string][]string{issuer + "aud": {"sts.amazonaws.com"}, issuer + "sub": Subjects(r, context)}
	if r.ID != "" {
		equals[issuer+"repository_id"] = []string{r.ID}
	}
	return policy.Document{{
		Principal: map[string]string{"Federated": provider},
		Action:    []string{"sts:AssumeRoleWithWebIdentity"},
		Condition: policy.Condition{"StringEquals": equals},
	}}
}
