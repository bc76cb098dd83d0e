package policy

import (
	"encoding/json"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Document is a policy document.
type Document []Statement

// Statement is one rule. Resource is left empty in trust policies, Principal in
// the policies of roles.
type Statement struct {
	Sid       string
	Deny      bool // false: allow
	Principal map[string]string
	Action    []string
	Resource  []string
	Condition Condition
}

// Condition maps an operator to keys and the values that satisfy them.
type Condition map[string]map[string][]string

type statement struct {
	Sid       string            `json:"Sid,omitempty"`
	Effect    string            `json:"Effect"`
	Principal map[string]string `json:"Principal,omitempty"`
	Action    []string          `json:"Action"`
	Resource  []string          `json:"Resource,omitempty"`
	Condition Condition         `json:"Condition,omitempty"`
}

// JSON renders the document.
func (d Document) JSON() (string, error) {
	out := struct {
		Version   string      `json:"Version"`
		Statement []statement `json:"Statement"`
	}{Version: "2012-10-17"}
	for _, s := range d {
		effect := "Allow"
		if s.Deny {
			effect = "Deny"
		}
		out.Statement = append(out.Statement, statement{s.Sid, effect, s.Principal, s.Action, s.Resource, s.Condition})
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return "", fmt.Errorf("render policy: %w", err)
	}
	return string(raw), nil
}

// Render renders a document that needs values which are known only once other
// resources exist: build gets them as plain strings, in the order given.
func Render(build func(values []string) Document, values ...pulumi.StringInput) pulumi.StringOutput {
	inputs := make([]any, len(values))
	for i, v := range values {
		inputs[i] = v.ToStringOutput()
	}
	return pulumi.All(inputs...).ApplyT(func(all []any) (string, error) {
		plain := make([]string, len(all))
		for i, v := range all {
			plain[i] = v.(string)
		}
		return build(plain).JSON()
	}).(pulumi.StringOutput)
}

// TrustService lets one AWS service assume a role, and nobody else.
func TrustService(service string) Document {
	return Document{{Principal: map[string]string{"Service": service}, Action: []string{"sts:AssumeRole"}}}
}

// Tagged is the condition that a resource carries this deployment's tags. key
// is "aws:ResourceTag/" for what exists and "aws:RequestTag/" for what is made.
func Tagged(key string, tags map[string]string) Condition {
	equals := map[string][]string{}
	for name, value := range tags {
		equals[key+name] = []string{value}
	}
	return Condition{"StringEquals": equals}
}
