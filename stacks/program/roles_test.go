package program_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

const (
	github   = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	ec2      = "arn:aws:ec2:us-west-2:123456789012:"
	ownState = "arn:aws:s3:::state-bucket/.pulumi/stacks/lablink/"
)

func parse(t *testing.T, text string, kind iam.Kind) iam.Document {
	t.Helper()
	d, err := iam.Parse(text, kind)
	require.NoError(t, err, text)
	return d
}

// run of a workflow, by the subject of its token.
func workflow(subject string) iam.Request {
	const issuer = "token.actions.githubusercontent.com:"
	return iam.Request{PrincipalType: "Federated", Principal: github, Action: "sts:AssumeRoleWithWebIdentity", Context: map[string][]string{
		issuer + "aud": {"sts.amazonaws.com"}, issuer + "sub": {"repo:talmolab/lablink-infrastructure:" + subject},
	}}
}

func TestEachRoleIsForItsOwnWorkflow(t *testing.T) {
	subjects := []string{"pull_request", "ref:refs/heads/main", "ref:refs/heads/other", "environment:test", "environment:prod", "environment:prod-preview"}
	for stack, roles := range map[string]map[string]string{ // role → the one subject that may assume it
		"test": {"identity-preview": "pull_request", "identity-drift": "ref:refs/heads/main", "identity-deploy": "environment:test"},
		"prod": {"identity-preview": "environment:prod-preview", "identity-drift": "ref:refs/heads/main", "identity-deploy": "environment:prod"},
	} {
		recorded := stackOf(t, stack).set(map[string]string{"lablink:github": `{"repository": "talmolab/lablink-infrastructure"}`}).record(t)
		for name, right := range roles {
			trust := parse(t, recorded.Named(name).Text("assumeRolePolicy"), iam.Trust)
			for _, subject := range subjects {
				want := iam.Implicit
				if subject == right {
					want = iam.Allowed
				}
				assert.Equal(t, want, iam.Evaluate(workflow(subject), trust), "%s of %s by %s", name, stack, subject)
			}
		}
	}
}

func TestTheRolesOfTwoEnvironmentsLeaveEachOtherAlone(t *testing.T) {
	tagged := func(environment, by string) map[string][]string {
		return map[string][]string{
			"aws:ResourceTag/lablink:deployment": {deployment}, "aws:ResourceTag/lablink:environment": {environment}, "aws:ResourceTag/lablink:managed-by": {by},
		}
	}
	recorded := stackOf(t, "test").record(t)
	for _, c := range []struct {
		role, action, resource string
		context                map[string][]string
		want                   iam.Decision
	}{
		{"host", "ec2:RunInstances", ec2 + "launch-template/lt-1", tagged("test", "pulumi"), iam.Allowed},
		{"host", "ec2:RunInstances", ec2 + "launch-template/lt-1", tagged("prod", "pulumi"), iam.Implicit},
		{"host", "ec2:RunInstances", ec2 + "subnet/network-subnet-b-id", nil, iam.Allowed},
		{"host", "ec2:RunInstances", ec2 + "security-group/network-clients-id", nil, iam.Allowed},
		{"host", "ec2:RunInstances", ec2 + "security-group/network-allocator-id", nil, iam.Implicit},
		{"host", "ec2:TerminateInstances", ec2 + "instance/i-1", tagged("test", "allocator"), iam.Allowed},
		{"host", "ec2:TerminateInstances", ec2 + "instance/i-1", tagged("prod", "allocator"), iam.Implicit},
		{"pool-gpu", "ec2:TerminateInstances", ec2 + "instance/i-1", tagged("test", "allocator"), iam.Implicit},
		{"pool-gpu", "ssm:GetParameter", "arn:aws:ssm:us-west-2:123456789012:parameter/lablink/lablink/test/secret/admin-password", nil, iam.Implicit},
		{"identity-deploy", "ec2:TerminateInstances", ec2 + "instance/i-1", tagged("test", "pulumi"), iam.Allowed},
		{"identity-deploy", "ec2:TerminateInstances", ec2 + "instance/i-1", tagged("prod", "pulumi"), iam.Implicit},
		{"identity-preview", "ec2:TerminateInstances", ec2 + "instance/i-1", tagged("test", "pulumi"), iam.Implicit},
		{"identity-preview", "ec2:DescribeInstances", "*", nil, iam.Allowed},
	} {
		got := iam.Evaluate(iam.Request{Action: c.action, Resource: c.resource, Context: c.context}, policiesOf(t, recorded, c.role)...)
		assert.Equal(t, c.want, got, "%s: %s on %s with %v", c.role, c.action, c.resource, c.context)
	}
}

// policiesOf are the policies of a role, inline and managed, by how the program
// names them.
func policiesOf(t *testing.T, r *recording.Recording, role string) []iam.Document {
	t.Helper()
	out := []iam.Document{parse(t, r.Named(role+"-permissions").Text("policy"), iam.Identity)}
	for _, part := range []string{"-images", "-network", "-services"} {
		if p := r.Named(role + part); p.Type == managed {
			out = append(out, parse(t, p.Text("policy"), iam.Identity))
		}
	}
	return out
}

// withAccount is a run that reads the account's stack.
func withAccount(t *testing.T, outputs map[string]any) *run {
	t.Helper()
	r := stackOf(t, "test").set(map[string]string{"lablink:account": `{"stack": "organization/lablink/account"}`})
	r.account.OIDCProvider = "" // it is not looked up
	r.account.Stacks = map[string]map[string]any{"organization/lablink/account": outputs}
	return r
}

func accountOutputs() map[string]any {
	return map[string]any{
		"contractVersion": 1, "oidcProviderArn": github, "stateBucket": "state-bucket",
		"stateKmsKeyArn": "arn:aws:kms:us-west-2:123456789012:key/k", "artifactBucket": "lablink-artifacts-account",
		"permissionsBoundaryArn": "arn:aws:iam::123456789012:policy/lablink-boundary-account-us-west-2",
	}
}

func TestTheAccountsStackSaysWhereStateIs(t *testing.T) {
	recorded := withAccount(t, accountOutputs()).record(t)
	assert.Equal(t, iam.Allowed, iam.Evaluate(workflow("environment:test"), parse(t, recorded.Named("identity-deploy").Text("assumeRolePolicy"), iam.Trust)))
	for role, write := range map[string]iam.Decision{"deploy": iam.Allowed, "preview": iam.Implicit, "drift": iam.Implicit} {
		policy := parse(t, recorded.Named("identity-"+role+"-permissions").Text("policy"), iam.Identity)
		assert.Equal(t, write, iam.Evaluate(iam.Request{Action: "s3:PutObject", Resource: ownState + "test.json"}, policy), role)
		assert.Equal(t, iam.Allowed, iam.Evaluate(iam.Request{Action: "s3:GetObject", Resource: ownState + "test.json"}, policy), role)
		assert.Equal(t, iam.Implicit, iam.Evaluate(iam.Request{Action: "s3:GetObject", Resource: ownState + "prod.json"}, policy), role)
	}
}

// A look-up of a preview is one of the workflow's role.
func TestWorkflowsReadTheParametersOfTheirImages(t *testing.T) {
	pools := func(image string) map[string]string {
		return map[string]string{"lablink:pools": `[{"name": "gpu", "instanceTypes": ["g5.xlarge"], "image": ` + image + `, "maxMachines": 1}]`}
	}
	for image, want := range map[string]iam.Decision{
		`{"ssmParameter": "/images/gpu"}`:                       iam.Allowed,
		`{"ssmParameter": "/images/gpu", "id": "ami-00000001"}`: iam.Implicit, // the id counts
		`{"id": "ami-00000001"}`:                                iam.Implicit,
	} {
		recorded := stackOf(t, "test").set(pools(image)).fit(t).record(t)
		for _, role := range []string{"preview", "drift", "deploy", "e2e"} {
			asks := iam.Request{Action: "ssm:GetParameter", Resource: "arn:aws:ssm:us-west-2:123456789012:parameter/images/gpu"}
			assert.Equal(t, want, iam.Evaluate(asks, policiesOf(t, recorded, "identity-"+role)...), "%s by %s", image, role)
			asks.Resource += "2"
			assert.Equal(t, iam.Implicit, iam.Evaluate(asks, policiesOf(t, recorded, "identity-"+role)...), "%s by %s", image, role)
		}
	}
}

func TestAnAccountsStackThatDoesNotFitIsRefused(t *testing.T) {
	for _, c := range []struct {
		output string
		value  any
		says   string
	}{
		{"contractVersion", 2, "contract version 2, this program knows 1"},
		{"contractVersion", nil, "contract version <nil>"},
		{"oidcProviderArn", "", "has no output oidcProviderArn: set github.repository in it and deploy it"},
		{"stateBucket", nil, "has no output stateBucket: deploy it"},
		{"permissionsBoundaryArn", nil, "has no output permissionsBoundaryArn: deploy it with the program of this commit"},
	} {
		outputs := accountOutputs()
		outputs[c.output] = c.value
		if c.value == nil {
			delete(outputs, c.output)
		}
		_, err := withAccount(t, outputs).do()
		assert.ErrorContains(t, err, "lablink:account.stack", c.says)
		assert.ErrorContains(t, err, c.says)
	}
	r := withAccount(t, nil)
	r.account.Stacks = nil
	_, err := r.do()
	assert.ErrorContains(t, err, "organization/lablink/account")
}

func TestWithoutARepositoryThereAreNoRoles(t *testing.T) {
	recorded := stackOf(t, "test").set(map[string]string{"lablink:github": "{}"}).record(t)
	assert.Equal(t, recording.Record{}, recorded.Named("identity"))
	assert.Empty(t, recorded.Outputs["deployRoleArn"].Value)
	recorded = stackOf(t, "account").set(map[string]string{"lablink:github": "{}"}).record(t)
	assert.Empty(t, recorded.Of("aws:iam/openIdConnectProvider:OpenIdConnectProvider"))
}
