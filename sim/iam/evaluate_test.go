package iam_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// document wraps statements of an identity policy.
func document(t *testing.T, kind iam.Kind, statements string) iam.Document {
	t.Helper()
	d, err := iam.Parse(`{"Version":"2012-10-17","Statement":[`+statements+`]}`, kind)
	require.NoError(t, err, statements)
	return d
}

var words = map[iam.Decision]string{iam.Implicit: "implicit", iam.Allowed: "allowed", iam.Denied: "denied"}

func TestADenialWinsOverAnAllowanceAndSilenceDenies(t *testing.T) {
	const (
		read  = `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*"}`
		all   = `{"Effect":"Allow","Action":"*","Resource":"*"}`
		never = `{"Effect":"Deny","Action":"s3:*","Resource":"arn:aws:s3:::b/secret/*"}`
	)
	for _, c := range []struct {
		name, statements, action, resource, want string
	}{
		{"no statement speaks of it", read, "s3:PutObject", "arn:aws:s3:::b/x", "implicit"},
		{"another resource", read, "s3:GetObject", "arn:aws:s3:::c/x", "implicit"},
		{"an allowance", read, "s3:GetObject", "arn:aws:s3:::b/x", "allowed"},
		{"actions know no case", read, "S3:getobject", "arn:aws:s3:::b/x", "allowed"},
		{"resources do", read, "s3:GetObject", "arn:aws:s3:::B/x", "implicit"},
		{"a denial after the allowance", all + "," + never, "s3:GetObject", "arn:aws:s3:::b/secret/x", "denied"},
		{"a denial before the allowance", never + "," + all, "s3:GetObject", "arn:aws:s3:::b/secret/x", "denied"},
		{"a denial of something else", all + "," + never, "s3:GetObject", "arn:aws:s3:::b/x", "allowed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := iam.Evaluate(iam.Request{Action: c.action, Resource: c.resource}, document(t, iam.Identity, c.statements))
			require.Equal(t, c.want, words[got], "%s on %s by %s", c.action, c.resource, c.statements)
		})
	}
}

func TestADenialInOneDocumentWinsOverAnotherDocument(t *testing.T) {
	allow := document(t, iam.Identity, `{"Effect":"Allow","Action":"ec2:*","Resource":"*"}`)
	deny := document(t, iam.Identity, `{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"*"}`)
	r := iam.Request{Action: "ec2:RunInstances", Resource: "*"}
	require.Equal(t, iam.Denied, iam.Evaluate(r, allow, deny))
	require.Equal(t, iam.Denied, iam.Evaluate(r, deny, allow))
	require.Equal(t, iam.Implicit, iam.Evaluate(r))
}

func TestWildcardsAndTheirOppositesMatchActionsAndResources(t *testing.T) {
	for _, c := range []struct {
		name, statement, action, resource string
		want                              bool
	}{
		{"a run in an action", `{"Effect":"Allow","Action":"ec2:Describe*","Resource":"*"}`, "ec2:DescribeInstances", "*", true},
		{"one character in an action", `{"Effect":"Allow","Action":"s3:?etObject","Resource":"*"}`, "s3:GetObject", "arn:aws:s3:::b/k", true},
		{"one character is not none", `{"Effect":"Allow","Action":"s3:Get?Object","Resource":"*"}`, "s3:GetObject", "arn:aws:s3:::b/k", false},
		{"NotAction leaves out", `{"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"}`, "iam:PassRole", "*", false},
		{"NotAction lets in", `{"Effect":"Allow","NotAction":["iam:*","sts:*"],"Resource":"*"}`, "ec2:RunInstances", "*", true},
		{"NotResource leaves out", `{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::b/*"}`, "s3:GetObject", "arn:aws:s3:::b/k", false},
		{"NotResource lets in", `{"Effect":"Allow","Action":"s3:*","NotResource":"arn:aws:s3:::b/*"}`, "s3:GetObject", "arn:aws:s3:::c/k", true},
		{"a run in a resource crosses slashes", `{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::b/*/z"}`, "s3:GetObject", "arn:aws:s3:::b/x/y/z", true},
		{"the one of several", `{"Effect":"Allow","Action":["a:B","c:D"],"Resource":["arn:aws:s3:::b","arn:aws:s3:::c"]}`, "c:D", "arn:aws:s3:::c", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := iam.Evaluate(iam.Request{Action: c.action, Resource: c.resource}, document(t, iam.Identity, c.statement))
			require.Equal(t, c.want, got == iam.Allowed, "%s on %s by %s", c.action, c.resource, c.statement)
		})
	}
}

func TestPolicyVariablesAreFilledInFromTheRequest(t *testing.T) {
	context := map[string][]string{"aws:PrincipalAccount": {"123456789012"}, "aws:PrincipalTag/team": {"*"}, "aws:TagKeys": {"a", "b"}}
	for _, c := range []struct {
		name, resource, asked string
		want                  bool
	}{
		{"a value", "arn:aws:s3:::data-${aws:PrincipalAccount}/*", "arn:aws:s3:::data-123456789012/x", true},
		{"names know no case", "arn:aws:s3:::data-${AWS:principalaccount}/*", "arn:aws:s3:::data-123456789012/x", true},
		{"another value", "arn:aws:s3:::data-${aws:PrincipalAccount}/*", "arn:aws:s3:::data-210987654321/x", false},
		{"a value is never a wildcard", "arn:aws:s3:::b/${aws:PrincipalTag/team}/x", "arn:aws:s3:::b/other/x", false},
		{"a value that looks like one matches itself", "arn:aws:s3:::b/${aws:PrincipalTag/team}/x", "arn:aws:s3:::b/*/x", true},
		{"an unknown variable matches nothing", "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/${aws:username}", false},
		{"a key with several values matches nothing", "arn:aws:s3:::b/${aws:TagKeys}", "arn:aws:s3:::b/a", false},
		{"a default", "arn:aws:s3:::b/${aws:username, 'nobody'}", "arn:aws:s3:::b/nobody", true},
		{"a star that is meant", "arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x", false},
		{"a star that is meant matches itself", "arn:aws:s3:::b/${*}${?}${$}", "arn:aws:s3:::b/*?$", true},
		{"no end", "arn:aws:s3:::b/${x", "arn:aws:s3:::b/${x", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := document(t, iam.Identity, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"`+c.resource+`"}`)
			got := iam.Evaluate(iam.Request{Action: "s3:GetObject", Resource: c.asked, Context: context}, d)
			require.Equal(t, c.want, got == iam.Allowed, "%s by %s", c.asked, c.resource)
		})
	}
}

func TestADocumentOf2008HasNoVariables(t *testing.T) {
	d, err := iam.Parse(`{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/${a:b}"}}`, iam.Identity)
	require.NoError(t, err)
	ask := func(resource string) iam.Decision {
		return iam.Evaluate(iam.Request{Action: "s3:GetObject", Resource: resource, Context: map[string][]string{"a:b": {"v"}}}, d)
	}
	require.Equal(t, iam.Implicit, ask("arn:aws:s3:::b/v"))
	require.Equal(t, iam.Allowed, ask("arn:aws:s3:::b/${a:b}"))
}
