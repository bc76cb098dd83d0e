package doctor

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// trust is whom a role of workflows is for.
type trust struct {
	provider   string   // the ARN of the identity provider
	subjects   []string // the runs, as GitHub names them
	repository string   // its numeric id; "" where it is not asked for
}

// list is one text, or several.
type list []string

func (l *list) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*l = list{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(l))
}

// statement is one of a trust policy, with all that one of workflows has.
type statement struct {
	Sid, Effect string
	Principal   map[string]list
	Action      list
	Condition   map[string]map[string]list
}

// differs says how a trust policy is not what it should be; "" is that it is.
// Whoever else it lets in makes it another.
func (want trust) differs(document string) string {
	var policy struct{ Statement []json.RawMessage }
	if err := json.Unmarshal([]byte(document), &policy); err != nil {
		return fmt.Sprintf("its trust policy cannot be read: %s", err)
	}
	if len(policy.Statement) != 1 {
		return fmt.Sprintf("its trust policy has %d statements, and should have one", len(policy.Statement))
	}
	var s statement
	dec := json.NewDecoder(bytes.NewReader(policy.Statement[0]))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&s); err != nil || len(s.Principal) != 1 {
		return "it trusts others than workflows: " + string(policy.Statement[0])
	}
	equals := map[string][]string{issuer + ":aud": {audience}, issuer + ":sub": want.subjects}
	if want.repository != "" {
		equals[issuer+":repository_id"] = []string{want.repository}
	}
	conditions := s.Condition["StringEquals"]
	switch {
	case s.Effect != "Allow" || !same(s.Action, "sts:AssumeRoleWithWebIdentity"):
		return "it does not let workflows in"
	case !same(s.Principal["Federated"], want.provider):
		return fmt.Sprintf("it trusts %s, and not %s", strings.Join(s.Principal["Federated"], ", "), want.provider)
	case len(s.Condition) != 1 || len(conditions) != len(equals):
		return "it asks for other conditions than it should: " + string(policy.Statement[0])
	}
	for key, values := range equals {
		if !same(conditions[key], values...) {
			return fmt.Sprintf("%s is %s, and should be %s", strings.TrimPrefix(key, issuer+":"), strings.Join(conditions[key], ", "), strings.Join(values, ", "))
		}
	}
	return ""
}

// same reports whether a list has these values, in any order.
func same(have list, want ...string) bool {
	return slices.Equal(slices.Sorted(slices.Values(have)), slices.Sorted(slices.Values(want)))
}
