package policy_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/policy"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

func TestADocumentIsRenderedInOneForm(t *testing.T) {
	d := policy.Document{
		{
			Sid: "Read", Action: []string{"s3:GetObject"}, Resource: []string{"arn:aws:s3:::b/*"},
			Condition: policy.Condition{"StringEquals": {"aws:ResourceTag/b": {"2"}, "aws:ResourceTag/a": {"1"}}},
		},
		{Sid: "Never", Deny: true, Action: []string{"s3:DeleteObject"}, Resource: []string{"*"}},
	}
	got, err := d.JSON()
	require.NoError(t, err)
	assert.Equal(t, `{"Version":"2012-10-17","Statement":[`+
		`{"Sid":"Read","Effect":"Allow","Action":["s3:GetObject"],"Resource":["arn:aws:s3:::b/*"],`+
		`"Condition":{"StringEquals":{"aws:ResourceTag/a":["1"],"aws:ResourceTag/b":["2"]}}},`+
		`{"Sid":"Never","Effect":"Deny","Action":["s3:DeleteObject"],"Resource":["*"]}]}`, got)
	_, err = iam.Parse(got, iam.Identity)
	assert.NoError(t, err, "IAM reads it")
}

func TestADocumentIsRenderedWithValuesInTheOrderGiven(t *testing.T) {
	r, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		ctx.Export("policy", policy.Render(func(values []string) policy.Document {
			return policy.Document{{Action: []string{"s3:GetObject"}, Resource: values}}
		}, pulumi.String("first"), pulumi.String("second").ToStringOutput()))
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:GetObject"],"Resource":["first","second"]}]}`, r.Outputs["policy"].Value)
}

func TestAServicesTrustIsForThatServiceAlone(t *testing.T) {
	text, err := policy.TrustService("ec2.amazonaws.com").JSON()
	require.NoError(t, err)
	d, err := iam.Parse(text, iam.Trust)
	require.NoError(t, err)
	for principal, want := range map[[2]string]iam.Decision{
		{"Service", "ec2.amazonaws.com"}:                         iam.Allowed,
		{"Service", "lambda.amazonaws.com"}:                      iam.Implicit,
		{"AWS", "arn:aws:iam::123456789012:user/somebody"}:       iam.Implicit,
		{"Federated", "arn:aws:iam::123456789012:oidc-provider"}: iam.Implicit,
	} {
		assert.Equal(t, want, iam.Evaluate(iam.Request{PrincipalType: principal[0], Principal: principal[1], Action: "sts:AssumeRole"}, d), principal)
	}
}

func TestTaggedAsksForEveryTag(t *testing.T) {
	text, err := policy.Document{{
		Action: []string{"ec2:TerminateInstances"}, Resource: []string{"*"},
		Condition: policy.Tagged("aws:ResourceTag/", map[string]string{"a": "1", "b": "2"}),
	}}.JSON()
	require.NoError(t, err)
	d, err := iam.Parse(text, iam.Identity)
	require.NoError(t, err)
	decide := func(context map[string][]string) iam.Decision {
		return iam.Evaluate(iam.Request{Action: "ec2:TerminateInstances", Resource: "arn:x", Context: context}, d)
	}
	assert.Equal(t, iam.Allowed, decide(map[string][]string{"aws:ResourceTag/a": {"1"}, "aws:ResourceTag/b": {"2"}}))
	assert.Equal(t, iam.Implicit, decide(map[string][]string{"aws:ResourceTag/a": {"1"}}), "one tag of two")
	assert.Equal(t, iam.Implicit, decide(map[string][]string{"aws:ResourceTag/a": {"1"}, "aws:ResourceTag/b": {"3"}}), "another value")
}

func TestADocumentIsReadAsItWasMeant(t *testing.T) {
	rules, err := policy.Parse(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","NotResource":["a","b"]},
		{"Effect":"Deny","Principal":{"Service":"ec2.amazonaws.com","AWS":["1","2"]},"NotAction":["x:Y"],"Resource":"r","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`)
	require.NoError(t, err)
	assert.Equal(t, []policy.Rule{
		{Effect: "Allow", Principal: policy.Principals{"*": {"*"}}, Action: policy.Texts{"s3:GetObject"}, NotResource: policy.Texts{"a", "b"}},
		{
			Effect: "Deny", Principal: policy.Principals{"Service": {"ec2.amazonaws.com"}, "AWS": {"1", "2"}}, NotAction: policy.Texts{"x:Y"},
			Resource: policy.Texts{"r"}, Condition: map[string]map[string]policy.Texts{"Bool": {"aws:SecureTransport": {"false"}}},
		},
	}, rules)
	for _, wrong := range []string{"", "[]", `{"Statement": {}}`, `{"Statement": [{"Action": 5}]}`} {
		_, err := policy.Parse(wrong)
		assert.ErrorContains(t, err, "read policy", wrong)
	}
}
