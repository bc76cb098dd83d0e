package subject

import (
	"fmt"
	"strings"
)

// Repository says whose workflows are trusted.
type Repository struct {
	Name    string // owner/repository
	ID      string // the repository's numeric id; "" where it is not known
	OwnerID string // the owner's numeric id; "" where it is not known
}

// Of are the forms in which GitHub names runs of a repository in a context: by
// names, and by names with ids, which survive a rename.
func Of(r Repository, context string) []string {
	out := []string{"repo:" + r.Name + ":" + context}
	if r.ID != "" && r.OwnerID != "" {
		owner, repository, _ := strings.Cut(r.Name, "/")
		out = append(out, fmt.Sprintf("repo:%s@%s/%s@%s:%s", owner, r.OwnerID, repository, r.ID, context))
	}
	return out
}

// EndToEnd ends the name of the GitHub environment of end-to-end tests.
const EndToEnd = "-e2e"

// Contexts are where the runs of an environment's roles are.
type Contexts struct{ Preview, Drift, Deploy, E2E string }

// In are the contexts for a GitHub environment. In production previews run in one,
// too, so that reviewers decide.
func In(environment string, production bool) Contexts {
	c := Contexts{
		Preview: "pull_request", Drift: "ref:refs/heads/main",
		Deploy: "environment:" + environment, E2E: "environment:" + environment + EndToEnd,
	}
	if production {
		c.Preview = "environment:" + environment + "-preview"
	}
	return c
}
