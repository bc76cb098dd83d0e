package iam

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Kind is where a document is attached, which decides what it must hold.
type Kind int

// The three kinds of document.
const (
	Identity Kind = iota // on a role: no principal, a resource
	Trust                // who may assume a role: a principal, no resource
	Resource             // on a bucket or a key: a principal and a resource
)

// Document is a policy document.
type Document struct {
	Version   string
	ID        string `json:"Id"`
	Statement Statements
}

// Statements accepts one statement or a list of them.
type Statements []Statement

// Statement is one rule of a document.
type Statement struct {
	Sid          string
	Effect       string
	Action       Strings
	NotAction    Strings
	Resource     Strings
	NotResource  Strings
	Principal    *Principal
	NotPrincipal *Principal
	Condition    map[string]map[string]Strings
}

// Strings accepts one string or a list of them.
type Strings []string

// Principal is who a statement speaks of, by type; the type "*" is everybody.
type Principal map[string]Strings

var sid = regexp.MustCompile(`^[A-Za-z0-9]*$`)

// Parse reads a document and checks what IAM checks when it is attached. The
// error's text is IAM's.
func Parse(text string, kind Kind) (Document, error) {
	var d Document
	dec := json.NewDecoder(bytes.NewReader([]byte(text)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return d, fmt.Errorf("Syntax errors in policy. (%w)", err)
	}
	if d.Version != "2012-10-17" && d.Version != "2008-10-17" {
		return d, fmt.Errorf("Policy document must be version 2012-10-17 or greater.")
	}
	if len(d.Statement) == 0 {
		return d, fmt.Errorf("Syntax errors in policy. (no statement)")
	}
	sids := map[string]bool{}
	for _, s := range d.Statement {
		if err := s.check(kind); err != nil {
			return d, err
		}
		if s.Sid != "" && sids[s.Sid] {
			return d, fmt.Errorf("Statement IDs (SID) in a single policy must be unique.")
		}
		sids[s.Sid] = true
	}
	return d, nil
}

func (s Statement) check(kind Kind) error {
	switch {
	case !sid.MatchString(s.Sid):
		return fmt.Errorf("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
	case s.Effect != "Allow" && s.Effect != "Deny":
		return fmt.Errorf("Syntax errors in policy. (effect %q)", s.Effect)
	case (len(s.Action) == 0) == (len(s.NotAction) == 0):
		return fmt.Errorf("Policy statement must contain actions.")
	case kind == Identity && (s.Principal != nil || s.NotPrincipal != nil):
		return fmt.Errorf("Policy document should not specify a principal.")
	case kind != Identity && s.Principal == nil && s.NotPrincipal == nil:
		return fmt.Errorf("Missing required field Principal")
	case kind == Trust && (len(s.Resource) > 0 || len(s.NotResource) > 0):
		return fmt.Errorf("Has prohibited field Resource")
	case kind != Trust && (len(s.Resource) == 0) == (len(s.NotResource) == 0):
		return fmt.Errorf("Policy statement must contain resources.")
	}
	for _, a := range append(slices.Clone(s.Action), s.NotAction...) {
		service, _, ok := strings.Cut(a, ":")
		if a != "*" && (!ok || service == "") {
			return fmt.Errorf("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		}
		if kind == Trust && !strings.HasPrefix(a, "sts:") {
			return fmt.Errorf("AssumeRole policy may only specify STS AssumeRole actions.")
		}
	}
	for _, r := range append(slices.Clone(s.Resource), s.NotResource...) {
		if r != "*" && !strings.HasPrefix(r, "arn:") {
			return fmt.Errorf("Resource %s must be in ARN format or \"*\".", r)
		}
	}
	for operator := range s.Condition {
		if _, err := parseOperator(operator); err != nil {
			return err
		}
	}
	return nil
}

// UnmarshalJSON accepts a single statement as well as a list.
func (s *Statements) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '{' {
		raw = slices.Concat([]byte("["), raw, []byte("]"))
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec.Decode((*[]Statement)(s))
}

// UnmarshalJSON accepts a string, a boolean or a list of strings.
func (s *Strings) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*s = Strings{one}
		return nil
	}
	var flag bool
	if json.Unmarshal(raw, &flag) == nil {
		*s = Strings{fmt.Sprint(flag)}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(s))
}

// UnmarshalJSON accepts "*" as well as an object by type.
func (p *Principal) UnmarshalJSON(raw []byte) error {
	var everybody string
	if json.Unmarshal(raw, &everybody) == nil {
		if everybody != "*" {
			return fmt.Errorf("Invalid principal in policy: %q", everybody)
		}
		*p = Principal{"*": {"*"}}
		return nil
	}
	return json.Unmarshal(raw, (*map[string]Strings)(p))
}
