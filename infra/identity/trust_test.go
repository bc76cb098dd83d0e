package identity_test

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/infra/identity/subject"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

const (
	provider = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	issuer   = "token.actions.githubusercontent.com:"
)

var repository = identity.Repository{Name: "talmolab/lablink-infrastructure", ID: "42", OwnerID: "7"}

// token is what a run's token says; "" leaves a claim out.
type token struct{ sub, aud, repositoryID string }

func (tok token) request() iam.Request {
	claims := map[string][]string{issuer + "sub": {tok.sub}, issuer + "aud": {tok.aud}, issuer + "repository_id": {tok.repositoryID}}
	maps.DeleteFunc(claims, func(_ string, v []string) bool { return v[0] == "" })
	return iam.Request{PrincipalType: "Federated", Principal: provider, Action: "sts:AssumeRoleWithWebIdentity", Context: claims}
}

func TestARoleIsForRunsOfOneRepositoryInOneContext(t *testing.T) {
	trust := parse(t, identity.Trust(provider, repository, "ref:refs/heads/main"), iam.Trust)
	for _, c := range []struct {
		why  string
		run  token
		want iam.Decision
	}{
		{"the classic form", token{"repo:talmolab/lablink-infrastructure:ref:refs/heads/main", "sts.amazonaws.com", "42"}, yes},
		{"the immutable form", token{"repo:talmolab@7/lablink-infrastructure@42:ref:refs/heads/main", "sts.amazonaws.com", "42"}, yes},
		{"another branch", token{"repo:talmolab/lablink-infrastructure:ref:refs/heads/other", "sts.amazonaws.com", "42"}, no},
		{"a branch that begins alike", token{"repo:talmolab/lablink-infrastructure:ref:refs/heads/main2", "sts.amazonaws.com", "42"}, no},
		{"a tag of that name", token{"repo:talmolab/lablink-infrastructure:ref:refs/tags/main", "sts.amazonaws.com", "42"}, no},
		{"a pull request", token{"repo:talmolab/lablink-infrastructure:pull_request", "sts.amazonaws.com", "42"}, no},
		{"another repository", token{"repo:talmolab/other:ref:refs/heads/main", "sts.amazonaws.com", "43"}, no},
		{"a repository that begins alike", token{"repo:talmolab/lablink-infrastructure-2:ref:refs/heads/main", "sts.amazonaws.com", "43"}, no},
		{"a fork", token{"repo:somebody/lablink-infrastructure:ref:refs/heads/main", "sts.amazonaws.com", "99"}, no},
		{"a fork in the immutable form", token{"repo:somebody@8/lablink-infrastructure@99:ref:refs/heads/main", "sts.amazonaws.com", "99"}, no},
		{"a new repository of the old name", token{"repo:talmolab/lablink-infrastructure:ref:refs/heads/main", "sts.amazonaws.com", "100"}, no},
		{"a missing repository id", token{"repo:talmolab/lablink-infrastructure:ref:refs/heads/main", "sts.amazonaws.com", ""}, no},
		{"a missing audience", token{"repo:talmolab/lablink-infrastructure:ref:refs/heads/main", "", "42"}, no},
		{"another audience", token{"repo:talmolab/lablink-infrastructure:ref:refs/heads/main", "https://github.com/talmolab", "42"}, no},
		{"a missing subject", token{"", "sts.amazonaws.com", "42"}, no},
	} {
		assert.Equal(t, c.want, iam.Evaluate(c.run.request(), trust), "%s: %+v", c.why, c.run)
	}
}

func TestAForksPullRequestGetsNoPreview(t *testing.T) {
	trust := parse(t, identity.Trust(provider, repository, "pull_request"), iam.Trust)
	own := token{"repo:talmolab/lablink-infrastructure:pull_request", "sts.amazonaws.com", "42"}
	fork := token{"repo:somebody/lablink-infrastructure:pull_request", "sts.amazonaws.com", "99"}
	assert.Equal(t, yes, iam.Evaluate(own.request(), trust), "%+v", own)
	assert.Equal(t, no, iam.Evaluate(fork.request(), trust), "%+v", fork)
}

func TestNobodyElseMayAssumeARole(t *testing.T) {
	trust := parse(t, identity.Trust(provider, repository, "pull_request"), iam.Trust)
	right := token{"repo:talmolab/lablink-infrastructure:pull_request", "sts.amazonaws.com", "42"}.request()
	for _, who := range [][2]string{
		{"Service", "ec2.amazonaws.com"}, {"AWS", "arn:aws:iam::123456789012:root"},
		{"Federated", "arn:aws:iam::123456789012:oidc-provider/gitlab.com"},
	} {
		request := right
		request.PrincipalType, request.Principal = who[0], who[1]
		assert.Equal(t, no, iam.Evaluate(request, trust), who)
	}
	direct := right
	direct.Action = "sts:AssumeRole"
	assert.Equal(t, no, iam.Evaluate(direct, trust), "AssumeRole without a token")
}

func TestWithoutIdsTheClassicFormAloneIsTrusted(t *testing.T) {
	byName := identity.Repository{Name: repository.Name}
	assert.Equal(t, []string{"repo:talmolab/lablink-infrastructure:environment:prod"}, subject.Of(byName, "environment:prod"))
	trust := parse(t, identity.Trust(provider, byName, "environment:prod"), iam.Trust)
	classic := token{"repo:talmolab/lablink-infrastructure:environment:prod", "sts.amazonaws.com", "42"}
	assert.Equal(t, yes, iam.Evaluate(classic.request(), trust))
	immutable := token{"repo:talmolab@7/lablink-infrastructure@42:environment:prod", "sts.amazonaws.com", "42"}
	assert.Equal(t, no, iam.Evaluate(immutable.request(), trust))
}
