package identity_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

func good() *identity.IdentityArgs {
	return &identity.IdentityArgs{
		Namer: lab, Provider: pulumi.String(provider), Repository: repository, Environment: "test", Record: name,
		State: &identity.State{Bucket: pulumi.String("lablink-state"), KeyARN: pulumi.String("arn:aws:kms:us-west-2:123456789012:key/k"), Account: "account"},
	}
}

func declare(args *identity.IdentityArgs) (*recording.Recording, error) {
	return recording.Run("test", recording.Account{ID: "123456789012", Region: "us-west-2"}, func(ctx *pulumi.Context) error {
		i, err := identity.NewIdentity(ctx, "identity", args)
		if err == nil {
			ctx.Export("deploy", i.DeployRole)
		}
		return err
	})
}

func TestEachRoleTrustsItsOwnContext(t *testing.T) {
	for _, c := range []struct {
		production bool
		role, sub  string
	}{
		{false, "preview", "pull_request"},
		{false, "drift", "ref:refs/heads/main"},
		{false, "deploy", "environment:test"},
		{true, "preview", "environment:test-preview"},
		{true, "drift", "ref:refs/heads/main"},
		{true, "deploy", "environment:test"},
	} {
		args := good()
		args.Production = c.production
		r, err := declare(args)
		require.NoError(t, err)
		trust, err := iam.Parse(r.Named("identity-"+c.role).Text("assumeRolePolicy"), iam.Trust)
		require.NoError(t, err)
		run := token{"repo:talmolab/lablink-infrastructure:" + c.sub, "sts.amazonaws.com", "42"}
		assert.Equal(t, yes, iam.Evaluate(run.request(), trust), "%+v", c)
		if c.production {
			pull := token{"repo:talmolab/lablink-infrastructure:pull_request", "sts.amazonaws.com", "42"}
			assert.Equal(t, no, iam.Evaluate(pull.request(), trust), "a pull request and the %s role of production", c.role)
		}
	}
}

func TestOnlyTheDeployRoleWrites(t *testing.T) {
	r, err := declare(good())
	require.NoError(t, err)
	assert.Equal(t, "arn:aws:iam::123456789012:role/lablink-deploy-test-us-west-2", r.Outputs["deploy"].Value)
	for what, want := range map[string]iam.Decision{"preview": no, "drift": no, "deploy": yes} {
		d, err := iam.Parse(r.Named("identity-"+what+"-permissions").Text("policy"), iam.Identity)
		require.NoError(t, err)
		for action, resource := range map[string]string{
			"ssm:PutParameter": parameter + "test/release",
			"s3:PutObject":     "arn:aws:s3:::lablink-state/.pulumi/stacks/lablink/test.json",
		} {
			assert.Equal(t, want, iam.Evaluate(iam.Request{Action: action, Resource: resource}, d), "%s by the %s role", action, what)
		}
	}
}

// IAM takes 10 240 characters of inline policy for a role.
func TestThePoliciesFitIntoTheirRoles(t *testing.T) {
	args := good()
	args.Namer.Deployment, args.Namer.Environment, args.Namer.Region = "a-deployment-of-20-c", "an-env-of-16-cha", "ap-southeast-1"
	r, err := declare(args)
	require.NoError(t, err)
	for _, role := range []string{"preview", "drift", "deploy"} {
		text := r.Named("identity-" + role + "-permissions").Text("policy")
		assert.Less(t, len(text), 10_240, role)
		assert.Greater(t, len(text), 1_000, role)
	}
}

func TestWithoutABucketForStateRolesReachNone(t *testing.T) {
	args := good()
	args.State = nil
	r, err := declare(args)
	require.NoError(t, err)
	for _, role := range []string{"preview", "drift", "deploy"} {
		assert.NotContains(t, r.Named("identity-"+role+"-permissions").Text("policy"), ".pulumi/", role)
	}
}

func TestAnIncompleteIdentityIsRefused(t *testing.T) {
	for what, spoil := range map[string]func(*identity.IdentityArgs){
		"Provider":    func(a *identity.IdentityArgs) { a.Provider = nil },
		"Repository":  func(a *identity.IdentityArgs) { a.Repository.Name = "" },
		"Environment": func(a *identity.IdentityArgs) { a.Environment = "" },
	} {
		args := good()
		spoil(args)
		r, err := declare(args)
		assert.ErrorContains(t, err, what)
		assert.Empty(t, r.Names(), "what is declared without %s", what)
	}
}
