package iam

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var sid = regexp.MustCompile(`^[A-Za-z0-9]*$`)

func (d Document) check(kind Kind) error {
	if d.Version != "2012-10-17" && d.Version != "2008-10-17" {
		return errors.New("Policy document must be version 2012-10-17 or greater.")
	}
	if len(d.Statement) == 0 {
		return errors.New("Syntax errors in policy. (no statement)")
	}
	sids := map[string]bool{}
	for _, s := range d.Statement {
		if err := s.check(kind); err != nil {
			return err
		}
		if s.Sid != "" && sids[s.Sid] {
			return errors.New("Statement IDs (SID) in a single policy must be unique.")
		}
		sids[s.Sid] = true
	}
	return nil
}

func (s Statement) check(kind Kind) error {
	if kind != Resource && !sid.MatchString(s.Sid) { // buckets and keys take any text
		return errors.New("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
	}
	if s.Effect != "Allow" && s.Effect != "Deny" {
		return fmt.Errorf("Syntax errors in policy. (effect %q)", s.Effect)
	}
	for _, check := range []func(Kind) error{s.checkPrincipals, s.checkActions, s.checkResources} {
		if err := check(kind); err != nil {
			return err
		}
	}
	for name, keys := range s.Condition {
		if _, err := parseOperator(name); err != nil {
			return err
		}
		for key := range keys {
			if !strings.Contains(key, ":") {
				return errors.New("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
			}
		}
	}
	return nil
}

func (s Statement) checkActions(kind Kind) error {
	if (len(s.Action) == 0) == (len(s.NotAction) == 0) {
		return errors.New("Policy statement must contain actions.")
	}
	for _, a := range slices.Concat(s.Action, s.NotAction) {
		service, _, ok := strings.Cut(a, ":")
		if a != "*" && (!ok || service == "") {
			return errors.New("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		}
		if kind == Trust && !strings.HasPrefix(a, "sts:") {
			return errors.New("AssumeRole policy may only specify STS AssumeRole actions.")
		}
	}
	return nil
}

func (s Statement) checkResources(kind Kind) error {
	if kind == Trust {
		if len(s.Resource) > 0 || len(s.NotResource) > 0 {
			return errors.New("Has prohibited field Resource")
		}
		return nil
	}
	if (len(s.Resource) == 0) == (len(s.NotResource) == 0) {
		return errors.New("Policy statement must contain resources.")
	}
	for _, r := range slices.Concat(s.Resource, s.NotResource) {
		if r != "*" && (!strings.HasPrefix(r, "arn:") || strings.Count(r, ":") < 5) {
			return fmt.Errorf("Resource %s must be in ARN format or \"*\".", r)
		}
	}
	return nil
}

func (s Statement) checkPrincipals(kind Kind) error {
	switch {
	case kind == Identity && (s.Principal != nil || s.NotPrincipal != nil):
		return errors.New("Policy document should not specify a principal.")
	case kind == Identity:
		return nil
	case s.Principal == nil && s.NotPrincipal == nil:
		return errors.New("Missing required field Principal")
	case s.Principal != nil && s.NotPrincipal != nil, s.NotPrincipal != nil && s.Effect == "Allow":
		return errors.New("Syntax errors in policy. (NotPrincipal stands alone, in a statement that denies)")
	}
	for _, p := range []*Principal{s.Principal, s.NotPrincipal} {
		if p != nil {
			if err := p.check(kind); err != nil {
				return err
			}
		}
	}
	return nil
}

// check refuses types of principals that do not exist; a role does not trust
// everybody by a bare "*".
func (p Principal) check(kind Kind) error {
	if len(p) == 0 {
		return errors.New("Missing required field Principal")
	}
	for name, who := range p {
		switch {
		case name == "*" && kind == Resource, name == "AWS", name == "Federated":
		case name == "Service" && !slices.ContainsFunc(who, func(s string) bool { return !strings.HasSuffix(s, ".amazonaws.com") }):
		default:
			return fmt.Errorf("Invalid principal in policy: %q:%q", name, strings.Join(who, ","))
		}
	}
	return nil
}
