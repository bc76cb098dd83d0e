package identity_test

import (
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

func good() *identity.IdentityArgs {
	return &identity.IdentityArgs{
		Namer: lab, Provider: pulumi.String(provider), Repository: repository, Environment: "test", Record: name,
		Artifacts: pulumi.String(artifacts), Boundary: pulumi.String(boundary),
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

func TestOfTheRolesOfWorkflowsOnlyThePreviewAsksWhatThingsCost(t *testing.T) {
	r, err := declare(good())
	require.NoError(t, err)
	for what, want := range map[string]iam.Decision{"preview": yes, "drift": no, "deploy": no, "e2e": no} {
		d, err := iam.Parse(r.Named("identity-"+what+"-permissions").Text("policy"), iam.Identity)
		require.NoError(t, err)
		assert.Equal(t, want, iam.Evaluate(iam.Request{Action: "pricing:GetProducts", Resource: "*"}, d), "the list prices, by the %s role", what)
		assert.Equal(t, yes, iam.Evaluate(iam.Request{Action: "ec2:DescribeSpotPriceHistory", Resource: "*"}, d), "spot prices, by the %s role", what)
		assert.Equal(t, no, iam.Evaluate(iam.Request{Action: "pricing:DescribeServices", Resource: "*"}, d), "the list of services, by the %s role", what)
	}
}

// IAM takes 10 240 characters of inline policy for a role, and 6 144 of a managed
// one.
func TestThePoliciesFitIntoTheirRoles(t *testing.T) {
	args := good()
	args.Namer.Deployment, args.Namer.Environment, args.Namer.Region = "a-deployment-of-20-c", "an-env-of-16-cha", "ap-southeast-1"
	args.Boundary = pulumi.String("arn:aws:iam::123456789012:policy/" + identity.BoundaryName(args.Namer))
	args.Artifacts = pulumi.String(args.Namer.Bucket("artifacts"))
	args.Network = identity.Network{VPCID: "vpc-0123456789abcdef0", SubnetIDs: slices.Repeat([]string{"subnet-0123456789abcdef0"}, 12)}
	r, err := declare(args)
	require.NoError(t, err)
	for _, role := range []string{"preview", "drift", "deploy", "e2e"} {
		text := r.Named("identity-" + role + "-permissions").Text("policy")
		assert.Less(t, len(text), 10_240, role)
		assert.Greater(t, len(text), 1_000, role)
	}
	for _, role := range []string{"deploy", "e2e"} {
		for _, part := range []string{"network", "services"} {
			text := r.Named("identity-" + role + "-" + part).Text("policy")
			assert.Less(t, len(text), 6_144, "%s of %s", part, role)
			assert.Greater(t, len(text), 1_000, "%s of %s", part, role)
		}
	}
	text, err := identity.Boundary("123456789012").JSON()
	require.NoError(t, err)
	assert.Less(t, len(text), 6_144, "the boundary")
}

func TestEndToEndTestsHaveARoleOutsideProductionOnly(t *testing.T) {
	for production, want := range map[bool]bool{true: false, false: true} {
		args := good()
		args.Production = production
		r, err := declare(args)
		require.NoError(t, err)
		role := r.Named("identity-e2e")
		assert.Equal(t, want, role.Type != "", "production: %t", production)
		if !want {
			continue
		}
		trust, err := iam.Parse(role.Text("assumeRolePolicy"), iam.Trust)
		require.NoError(t, err)
		for sub, decision := range map[string]iam.Decision{"environment:test-e2e": yes, "environment:test": no, "pull_request": no} {
			run := token{"repo:talmolab/lablink-infrastructure:" + sub, "sts.amazonaws.com", "42"}
			assert.Equal(t, decision, iam.Evaluate(run.request(), trust), sub)
		}
	}
}

func TestEndToEndTestsWorkOnAnEnvironmentOfTheirOwn(t *testing.T) {
	r, err := declare(good())
	require.NoError(t, err)
	for role, own := range map[string]string{"deploy": "test", "e2e": "test-e2e"} {
		var all []iam.Document
		for _, part := range []string{"-permissions", "-network", "-services"} {
			d, err := iam.Parse(r.Named("identity-"+role+part).Text("policy"), iam.Identity)
			require.NoError(t, err)
			all = append(all, d)
		}
		for _, environment := range []string{"test", "test-e2e", "test-e2e-2"} {
			want := no
			if environment == own {
				want = yes
			}
			for _, c := range []iam.Request{
				{Action: "ec2:CreateVpc", Resource: ec2 + "vpc/*", Context: asks("lablink", environment)},
				{Action: "ec2:TerminateInstances", Resource: ec2 + "instance/i-1", Context: has("lablink", environment)},
				{Action: "ssm:PutParameter", Resource: parameter + environment + "/release"},
				{Action: "iam:DeleteRole", Resource: "arn:aws:iam::123456789012:role/lablink/lablink/" + environment + "/us-west-2/r"},
				{Action: "s3:DeleteBucket", Resource: "arn:aws:s3:::" + naming.Namer{Deployment: "lablink", Environment: environment, AccountID: "123456789012", Region: "us-west-2"}.Bucket("artifacts")},
				{Action: "s3:PutObject", Resource: "arn:aws:s3:::lablink-state/.pulumi/stacks/lablink/" + environment + ".json"},
				{Action: "kms:Encrypt", Resource: "arn:aws:kms:us-west-2:123456789012:key/k", Context: key("kms:EncryptionContext:stack", environment)},
			} {
				assert.Equal(t, want, iam.Evaluate(c, all...), "%s: %s on %s", role, c.Action, c.Resource)
			}
		}
		record := iam.Request{Action: "route53:ChangeResourceRecordSets", Resource: "arn:aws:route53:::hostedzone/Z1", Context: key("route53:ChangeResourceRecordSetsNormalizedRecordNames", "test.lab.example.org")}
		assert.Equal(t, role == "deploy", iam.Evaluate(record, all...) == yes, "the environment's record is not for tests")
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
		"Artifacts":   func(a *identity.IdentityArgs) { a.Artifacts = nil },
		"Boundary":    func(a *identity.IdentityArgs) { a.Boundary = nil },
	} {
		args := good()
		spoil(args)
		r, err := declare(args)
		assert.ErrorContains(t, err, what)
		assert.Empty(t, r.Names(), "what is declared without %s", what)
	}
}
