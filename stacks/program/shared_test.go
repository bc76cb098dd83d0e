package program_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

const boundary = "arn:aws:iam::123456789012:policy/lablink-boundary-account-us-west-2"

func TestAnEnvironmentUsesTheAccountsBucketAndBoundary(t *testing.T) {
	recorded := withAccount(t, accountOutputs()).record(t)
	assert.Empty(t, recorded.Of(bucket), "it has none of its own")
	assert.Empty(t, recorded.Named("boundary"), "it has none of its own")
	assert.Equal(t, "lablink-artifacts-account", recorded.Outputs["artifactBucket"].Value)
	for _, name := range []string{"host-role", "pool-gpu-role"} {
		assert.Equal(t, boundary, recorded.Named(name).Text("permissionsBoundary"), name)
	}
	for _, o := range recorded.Of("aws:s3/bucketObjectv2:BucketObjectv2") {
		assert.Equal(t, "lablink-artifacts-account", o.Text("bucket"), o.Name)
		assert.Equal(t, "shared", o.Text(`tags["lablink:environment"]`), "another environment may have the same object: %s", o.Name)
		assert.True(t, o.RetainOnDelete, o.Name)
	}
	read := iam.Request{Action: "s3:GetObject", Resource: "arn:aws:s3:::lablink-artifacts-account/releases/x.json"}
	for _, role := range []string{"host", "pool-gpu", "identity-preview", "identity-deploy"} {
		assert.Equal(t, iam.Allowed, iam.Evaluate(read, policiesOf(t, recorded, role)...), role)
	}
}

func TestAnEnvironmentWithoutAnAccountsStackHasItsOwn(t *testing.T) {
	recorded := stackOf(t, "test").record(t)
	assert.Len(t, recorded.Of(bucket), 1)
	own := recorded.Named("boundary")
	assert.Equal(t, "lablink-boundary-test-us-west-2", own.Text("name"))
	assert.Equal(t, "arn:aws:iam::123456789012:policy/lablink-boundary-test-us-west-2", recorded.Named("host-role").Text("permissionsBoundary"))
}

// The role of EC2 Spot exists once in an account, and others may have made it.
func TestTheRoleOfSpotIsMadeOrTakenOver(t *testing.T) {
	const arn = "arn:aws:iam::123456789012:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
	for _, there := range [][]string{nil, {arn}} {
		r := stackOf(t, "account")
		r.account.ServiceRoles = there
		made := r.record(t).Named("spot-role")
		assert.Equal(t, "spot.amazonaws.com", made.Text("awsServiceName"))
		assert.True(t, made.RetainOnDelete)
		want := ""
		if there != nil {
			want = arn
		}
		assert.Equal(t, want, made.ImportID)
	}
}

const providerFunction = "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider"

// GitHub's identity provider exists once in an account, and others may have made
// it: their roles trust it, too.
func TestGitHubsIdentityProviderIsMadeOrTakenOver(t *testing.T) {
	ours := map[string]string{"lablink:deployment": deployment, "lablink:environment": "account"}
	for _, c := range []struct {
		why, there, protection string
		tags                   map[string]string
		retained               bool
		ignored                []string
	}{
		{"none", "", "false", nil, false, []string{"thumbprintLists"}},
		{"our own", github, "false", ours, false, []string{"thumbprintLists"}},
		{"our own, protected", github, "true", ours, true, []string{"thumbprintLists"}},
		{"another's", github, "false", map[string]string{"lablink:deployment": "other"}, true, []string{"thumbprintLists", "clientIdLists", "tags"}},
	} {
		r := stackOf(t, "account").set(map[string]string{"lablink:protection": c.protection})
		r.account.OIDCProvider, r.account.OIDCTags = c.there, c.tags
		recorded := r.record(t)
		made := recorded.Named("github")
		assert.Equal(t, c.there, made.ImportID, c.why)
		assert.Equal(t, c.retained, made.RetainOnDelete, c.why)
		assert.Equal(t, c.ignored, made.IgnoreChanges, c.why)
		assert.Equal(t, github, recorded.Outputs["oidcProviderArn"].Value, c.why)
	}
}

func TestAnIdentityProviderThatCannotBeUsedIsRefusedBeforeAnythingIsDeclared(t *testing.T) {
	for _, stack := range []string{"account", "test"} {
		r := stackOf(t, stack)
		r.account.OIDCClients = []string{"https://github.com/other"}
		recorded, err := r.do()
		assert.ErrorContains(t, err, "takes tokens for [https://github.com/other], not for sts.amazonaws.com")
		assert.ErrorContains(t, err, "aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn "+github+" --client-id sts.amazonaws.com")
		assert.Empty(t, recorded.Names(), stack)

		r = stackOf(t, stack)
		r.account.Failing = map[string]string{providerFunction: "StatusCode: 403, api error AccessDenied: User: x is not authorized to perform: iam:ListOpenIDConnectProviders"}
		recorded, err = r.do()
		assert.ErrorContains(t, err, "look for the account's identity provider for GitHub", stack)
		assert.ErrorContains(t, err, "is not authorized", stack)
		assert.Empty(t, recorded.Names(), stack)
	}
}

// What a machine's role is given, its boundary leaves it.
func TestTheBoundaryLeavesMachinesWhatTheyNeed(t *testing.T) {
	for what, recorded := range map[string]*recording.Recording{
		"local": stackOf(t, "local").record(t), "test": stackOf(t, "test").record(t), "prod": stackOf(t, "prod").record(t),
		"test with PostgreSQL": guarded(t, "test", "postgres"), "test with two hosts": several(t, "test"),
		"account with a pipeline": withImages(t).record(t),
	} {
		bound := parse(t, recorded.Named("boundary").Text("policy"), iam.Identity)
		context := map[string][]string{
			"aws:ResourceAccount": {"123456789012"}, "iam:PassedToService": {"ec2.amazonaws.com"}, "ec2:CreateAction": {"RunInstances"},
		}
		for key, value := range map[string]string{"lablink:deployment": deployment, "lablink:environment": recorded.Stack} {
			for _, of := range []string{"aws:PrincipalTag/", "aws:ResourceTag/", "aws:RequestTag/"} {
				context[of+key] = []string{value}
			}
		}
		context["aws:ResourceTag/lablink:data"] = []string{deployment + "/" + recorded.Stack}
		context["aws:RequestTag/lablink:data"] = context["aws:ResourceTag/lablink:data"]
		asked := 0
		for _, p := range recorded.Of(rolePolicy) {
			of := machineRole(recorded, p.Text("role"))
			if of.Name == "" {
				continue
			}
			context["aws:PrincipalTag/lablink:component"] = []string{of.Text(`tags["lablink:component"]`)}
			for _, s := range parse(t, p.Text("policy"), iam.Identity).Statement {
				for _, action := range s.Action {
					for _, resource := range s.Resource {
						asked++
						got := iam.Evaluate(iam.Request{Action: action, Resource: resource, Context: context}, bound)
						assert.Equal(t, iam.Allowed, got, "%s: %s (%s) on %s", what, p.Name, action, resource)
					}
				}
			}
		}
		assert.Greater(t, asked, 15, what)
	}
}

// machineRole is the role of that name, if it is a machine's.
func machineRole(r *recording.Recording, name string) recording.Record {
	for _, record := range r.Of(role) {
		if record.Text("name") == name && record.Text("path") != "" {
			return record
		}
	}
	return recording.Record{}
}
