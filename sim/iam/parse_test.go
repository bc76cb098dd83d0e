package iam_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

func TestADocumentThatIAMWouldRefuseIsRefusedInItsWords(t *testing.T) {
	const (
		identity = iam.Identity
		trust    = iam.Trust
		resource = iam.Resource
		vendor   = "Actions/Conditions must be prefaced by a vendor"
	)
	statement := func(s string) string { return `{"Version":"2012-10-17","Statement":[` + s + `]}` }
	for _, c := range []struct {
		name     string
		kind     iam.Kind
		document string
		want     string
	}{
		{"nothing", identity, ``, "not a JSON object"},
		{"a space before it", identity, ` {"Version":"2012-10-17"}`, "not a JSON object"},
		{"a list", identity, `[]`, "not a JSON object"},
		{"bad JSON", identity, `{"Version":`, "Syntax errors in policy."},
		{"text after it", identity, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*"}`) + `{}`, "text after the document"},
		{"a key twice", identity, `{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}`, `duplicate key "Version"`},
		{"a condition twice", identity, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"StringEquals":{"a:b":"1"},"StringEquals":{"a:c":"2"}}}`), `duplicate key "StringEquals"`},
		{"a condition key twice, in another case", identity, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"StringEquals":{"a:b":"1","A:B":"2"}}}`), `duplicate key "A:B"`},
		{"no version", identity, `{"Statement":[{"Effect":"Allow","Action":"a:B","Resource":"*"}]}`, "Policy document must be version 2012-10-17 or greater."},
		{"another version", identity, `{"Version":"2020-01-01","Statement":[]}`, "Policy document must be version"},
		{"no statement", identity, statement(``), "no statement"},
		{"an element that does not exist", identity, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","Resources":"*"}`), `unknown field "Resources"`},
		{"an element of the document that does not exist", identity, `{"Version":"2012-10-17","Statements":[]}`, `unknown field "Statements"`},
		{"no effect", identity, statement(`{"Action":"a:B","Resource":"*"}`), `effect ""`},
		{"an effect in another case", identity, statement(`{"Effect":"allow","Action":"a:B","Resource":"*"}`), `effect "allow"`},
		{"no action", identity, statement(`{"Effect":"Allow","Resource":"*"}`), "Policy statement must contain actions."},
		{"Action and NotAction", identity, statement(`{"Effect":"Allow","Action":"a:B","NotAction":"a:C","Resource":"*"}`), "Policy statement must contain actions."},
		{"an action without a service", identity, statement(`{"Effect":"Allow","Action":"GetObject","Resource":"*"}`), vendor},
		{"an action of no service", identity, statement(`{"Effect":"Allow","NotAction":":GetObject","Resource":"*"}`), vendor},
		{"a number for an action", identity, statement(`{"Effect":"Allow","Action":1,"Resource":"*"}`), "Syntax errors in policy."},
		{"no resource", identity, statement(`{"Effect":"Allow","Action":"a:B"}`), "Policy statement must contain resources."},
		{"Resource and NotResource", identity, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","NotResource":"*"}`), "Policy statement must contain resources."},
		{"a resource that is no ARN", identity, statement(`{"Effect":"Allow","Action":"a:B","Resource":"bucket"}`), `Resource bucket must be in ARN format or "*".`},
		{"half an ARN", identity, statement(`{"Effect":"Allow","Action":"a:B","NotResource":"arn:aws:s3"}`), `Resource arn:aws:s3 must be in ARN format`},
		{"a principal where there is none", identity, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","Principal":"*"}`), "should not specify a principal"},
		{"an operator that is not known", identity, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"NumericLessThan":{"a:b":"1"}}}`), "Invalid Condition type : NumericLessThan."},
		{"Null of what may be absent", identity, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"NullIfExists":{"a:b":"true"}}}`), "Invalid Condition type : NullIfExists."},
		{"a quantifier that is not known", identity, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"ForSome:StringEquals":{"a:b":"1"}}}`), "Invalid Condition type : ForSome:StringEquals."},
		{"a condition key without a service", identity, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","Condition":{"StringEquals":{"SecureTransport":"1"}}}`), vendor},
		{"a statement id with a space", identity, statement(`{"Sid":"a b","Effect":"Allow","Action":"a:B","Resource":"*"}`), "must be alpha-numeric"},
		{"a statement id twice", identity, statement(`{"Sid":"a","Effect":"Allow","Action":"a:B","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"a:B","Resource":"*"}`), "must be unique"},
		{"a trust policy without a principal", trust, statement(`{"Effect":"Allow","Action":"sts:AssumeRole"}`), "Missing required field Principal"},
		{"a trust policy with a resource", trust, statement(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"*"},"Resource":"*"}`), "Has prohibited field Resource"},
		{"a trust policy for another action", trust, statement(`{"Effect":"Allow","Action":"s3:GetObject","Principal":{"AWS":"*"}}`), "may only specify STS AssumeRole actions"},
		{"a trust policy for everybody", trust, statement(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*"}`), `Invalid principal in policy: "*"`},
		{"a service that is none", trust, statement(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"ec2"}}`), `Invalid principal in policy: "Service":"ec2"`},
		{"a type of principal that is not known", trust, statement(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Services":"ec2.amazonaws.com"}}`), `Invalid principal in policy: "Services"`},
		{"everybody as a type", resource, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","Principal":{"*":"*"}}`), `Invalid principal in policy: "*"`},
		{"a principal by name", resource, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","Principal":"me"}`), `Invalid principal in policy: "me"`},
		{"no type of principal", resource, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","Principal":{}}`), "Missing required field Principal"},
		{"Principal and NotPrincipal", resource, statement(`{"Effect":"Deny","Action":"a:B","Resource":"*","Principal":"*","NotPrincipal":"*"}`), "NotPrincipal stands alone"},
		{"an allowance by NotPrincipal", resource, statement(`{"Effect":"Allow","Action":"a:B","Resource":"*","NotPrincipal":{"AWS":"123456789012"}}`), "NotPrincipal stands alone"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := iam.Parse(c.document, c.kind)
			require.ErrorContains(t, err, c.want, c.document)
		})
	}
}

func TestADocumentMayHoldOneStatementOrAList(t *testing.T) {
	for _, text := range []string{
		`{"Version":"2012-10-17","Id":"x","Statement":{"Sid":"A","Effect":"Allow","Action":"a:B","Resource":"*"}}`,
		`{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"A","Effect":"Allow","Action":["a:B"],"Resource":["*"]}]}`,
	} {
		d, err := iam.Parse(text, iam.Identity)
		require.NoError(t, err)
		require.Equal(t, iam.Document{Version: "2012-10-17", ID: "x", Statement: iam.Statements{
			{Sid: "A", Effect: "Allow", Action: iam.Strings{"a:B"}, Resource: iam.Strings{"*"}},
		}}, d)
	}
}

func TestStatementIdsOfBucketsAndKeysAreFreeText(t *testing.T) {
	_, err := iam.Parse(`{"Version":"2012-10-17","Statement":{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"kms:*","Resource":"*"}}`, iam.Resource)
	require.NoError(t, err)
}
