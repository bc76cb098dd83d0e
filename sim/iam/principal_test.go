package iam_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

func TestTrustPoliciesNameWhoMayAssumeARole(t *testing.T) {
	const (
		dev     = "arn:aws:iam::123456789012:user/developer"
		session = "arn:aws:sts::123456789012:assumed-role/deploy/run"
		github  = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	)
	for _, c := range []struct {
		principal, kind, who string
		want                 bool
	}{
		{`{"Service":"ec2.amazonaws.com"}`, "Service", "ec2.amazonaws.com", true},
		{`{"Service":["ec2.amazonaws.com","dlm.amazonaws.com"]}`, "Service", "dlm.amazonaws.com", true},
		{`{"Service":"ec2.amazonaws.com"}`, "Service", "lambda.amazonaws.com", false},
		{`{"Service":"ec2.amazonaws.com"}`, "AWS", "ec2.amazonaws.com", false},
		{`{"AWS":"` + dev + `"}`, "AWS", dev, true},
		{`{"AWS":"` + dev + `"}`, "AWS", dev + "2", false},
		{`{"AWS":"arn:aws:iam::123456789012:root"}`, "AWS", dev, true},
		{`{"AWS":"123456789012"}`, "AWS", dev, true},
		{`{"AWS":"arn:aws:iam::210987654321:root"}`, "AWS", dev, false},
		{`{"AWS":"123456789012"}`, "Federated", github, false},
		{`{"AWS":"*"}`, "AWS", dev, true},
		{`{"AWS":"arn:aws:iam::123456789012:role/deploy"}`, "AWS", session, true},
		{`{"AWS":"arn:aws:iam::123456789012:role/other"}`, "AWS", session, false},
		{`{"Federated":"` + github + `"}`, "Federated", github, true},
		{`{"Federated":"` + github + `"}`, "AWS", github, false},
	} {
		t.Run(c.principal+" by "+c.who, func(t *testing.T) {
			d := document(t, iam.Trust, `{"Effect":"Allow","Action":"sts:*","Principal":`+c.principal+`}`)
			got := iam.Evaluate(iam.Request{PrincipalType: c.kind, Principal: c.who, Action: "sts:AssumeRole"}, d)
			require.Equal(t, c.want, got == iam.Allowed)
		})
	}
}

func TestATokenOfAWorkflowIsTrustedByItsExactSubject(t *testing.T) {
	const github = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
	d := document(t, iam.Trust, `{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"`+github+`"},
		"Condition":{"StringEquals":{"token.actions.githubusercontent.com:aud":"sts.amazonaws.com","token.actions.githubusercontent.com:sub":["repo:o/r:environment:prod"]}}}`)
	ask := func(subject string) iam.Decision {
		return iam.Evaluate(iam.Request{
			PrincipalType: "Federated", Principal: github, Action: "sts:AssumeRoleWithWebIdentity",
			Context: map[string][]string{"token.actions.githubusercontent.com:aud": {"sts.amazonaws.com"}, "token.actions.githubusercontent.com:sub": {subject}},
		}, d)
	}
	require.Equal(t, iam.Allowed, ask("repo:o/r:environment:prod"))
	require.Equal(t, iam.Implicit, ask("repo:o/r:environment:prod2"))
}

func TestEverybodyAndEverybodyButSomeoneAreUnderstoodInResourcePolicies(t *testing.T) {
	role := func(name string) iam.Request {
		return iam.Request{
			PrincipalType: "AWS", Principal: "arn:aws:sts::123456789012:assumed-role/" + name + "/s",
			Action: "s3:GetObject", Resource: "arn:aws:s3:::b/k",
		}
	}
	everybody := document(t, iam.Resource, `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`)
	require.Equal(t, iam.Denied, iam.Evaluate(role("a"), everybody))
	but := document(t, iam.Resource, `{"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::123456789012:role/a"},"Action":"s3:*","Resource":"arn:aws:s3:::b/*"}`)
	require.Equal(t, iam.Implicit, iam.Evaluate(role("a"), but))
	require.Equal(t, iam.Denied, iam.Evaluate(role("b"), but))
}
