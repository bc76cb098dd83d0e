package account_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// complete is a computer that has every program.
type complete struct{}

func (complete) Find(program string) string                                { return "/bin/" + program }
func (complete) Output(context.Context, string, ...string) (string, error) { return "", nil }
func (complete) Free(string) (uint64, error)                               { return 100, nil }

// Roles are made as the program makes them, in an account that answers as AWS does.
func TestARoleThatIsMadeByTheProgramIsRightUntilItIsChangedByHand(t *testing.T) {
	w := open(t)
	p := &cloud.OIDCProvider{URL: identity.GitHubURL, ClientIDLists: []string{"sts.amazonaws.com"}}
	require.NoError(t, w.CreateOIDCProvider(p))
	repository := identity.Repository{Name: "talmolab/lablink", ID: "42", OwnerID: "7"}
	arns := map[string]string{}
	for what, context := range map[string]string{"preview": "pull_request", "drift": "ref:refs/heads/main", "deploy": "environment:test"} {
		document, err := identity.Trust(p.ARN, repository, context).JSON()
		require.NoError(t, err)
		r := &cloud.Role{Name: "lab-" + what, AssumeRolePolicy: document}
		require.NoError(t, w.CreateRole(r))
		arns[what] = r.ARN
	}
	s, err := settings.Load("test", map[string]string{
		"aws:region": "us-west-2", "lablink:deployment": "lab", "lablink:account": `{"id": "123456789012"}`,
		"lablink:dns": `{"provider": "route53", "domain": "lab.example.org"}`, "lablink:tls": `{"email": "a@example.org"}`,
		"lablink:pools":  `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": {"id": "ami-0d1a6000000000003"}, "maxMachines": 20}]`,
		"lablink:github": `{"repository": "talmolab/lablink", "repositoryId": "42", "ownerId": "7"}`,
	})
	require.NoError(t, err)
	examine := func() map[string]doctor.Finding {
		d := &doctor.Doctor{Laptop: complete{}, Account: w.developer(), Patience: time.Minute, Stack: &doctor.Stack{Name: "test", Settings: s, Roles: arns}}
		out := map[string]doctor.Finding{}
		for _, f := range d.Examine(t.Context()) {
			out[f.Check] = f
		}
		return out
	}
	for _, f := range examine() {
		require.Equal(t, doctor.OK, f.Status, "%+v", f)
	}
	r, err := w.Role("lab-deploy")
	require.NoError(t, err)
	r.AssumeRolePolicy = strings.ReplaceAll(r.AssumeRolePolicy, "environment:test", "*")
	require.NoError(t, w.UpdateRole(r.Name, r))
	for check, f := range examine() {
		if check != "role deploy" {
			require.Equal(t, doctor.OK, f.Status, "%+v", f)
			continue
		}
		require.Equal(t, doctor.Wrong, f.Status)
		require.Contains(t, f.Found, "and should be repo:talmolab/lablink:environment:test")
		require.Contains(t, f.Fix, "pulumi up --refresh --stack test")
	}
}
