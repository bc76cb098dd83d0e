package iam

import (
	"slices"
	"strings"
)

// Request is one call to be decided.
type Request struct {
	// Principal is who asks: an ARN, a service name, or a federated provider's
	// ARN, under the type that trust policies use ("AWS", "Service", "Federated").
	PrincipalType, Principal string
	Action                   string
	// Resource is the ARN the action is on, or "*" where the action names none.
	Resource string
	// Context holds the condition keys; their names are compared without case.
	Context map[string][]string

	// Direct asks for what a statement grants to the principal itself. One that
	// allows an account leaves it to the account's own policies who may.
	Direct bool

	withoutVariables bool // documents of 2008 have none
}

// Decision is what policies say to a request.
type Decision int

// Nothing said, allowed, or denied by a statement.
const (
	Implicit Decision = iota
	Allowed
	Denied
)

// Evaluate decides r by documents of one kind: an explicit deny wins, then any
// allow.
func Evaluate(r Request, documents ...Document) Decision {
	decision := Implicit
	for _, d := range documents {
		r.withoutVariables = d.Version == "2008-10-17"
		for _, s := range d.Statement {
			if !s.applies(r) {
				continue
			}
			if s.Effect == "Deny" {
				return Denied
			}
			decision = Allowed
		}
	}
	return decision
}

func (s Statement) applies(r Request) bool {
	return s.matchesAction(r) && s.matchesResource(r) && s.matchesPrincipal(r) &&
		conditionsHold(s.Condition, r)
}

func (s Statement) matchesAction(r Request) bool {
	match := func(p string) bool { return Like(strings.ToLower(r.Action), strings.ToLower(p)) }
	if len(s.NotAction) > 0 {
		return !slices.ContainsFunc(s.NotAction, match)
	}
	return slices.ContainsFunc(s.Action, match)
}

func (s Statement) matchesResource(r Request) bool {
	match := func(p pattern) bool { return p.matches(r.Resource) }
	switch {
	case len(s.NotResource) > 0:
		return !slices.ContainsFunc(r.expand(s.NotResource), match)
	case len(s.Resource) > 0:
		return slices.ContainsFunc(r.expand(s.Resource), match)
	}
	return true // trust policies have none
}

func (s Statement) matchesPrincipal(r Request) bool {
	switch {
	case s.Principal != nil:
		return s.Principal.includes(r, r.Direct && s.Effect == "Allow")
	case s.NotPrincipal != nil:
		return !s.NotPrincipal.includes(r, false)
	}
	return true // identity policies have none
}

func (p Principal) includes(r Request, directly bool) bool {
	if _, everybody := p["*"]; everybody {
		return true
	}
	return slices.ContainsFunc(p[r.PrincipalType], func(want string) bool {
		if want == r.Principal {
			return true
		}
		if r.PrincipalType != "AWS" {
			return false
		}
		// "arn:…:root" and the bare account number mean every principal of the account.
		account := strings.TrimSuffix(strings.TrimPrefix(want, "arn:aws:iam::"), ":root")
		return want == "*" || want == roleOf(r.Principal) || !directly && len(account) == 12 && accountOf(r.Principal) == account
	})
}

// roleOf is the role of a session, by which policies may name it too.
func roleOf(session string) string {
	rest, ok := strings.CutPrefix(session, "arn:aws:sts::")
	account, name, assumed := strings.Cut(rest, ":assumed-role/")
	if !ok || !assumed {
		return ""
	}
	name, _, _ = strings.Cut(name, "/")
	return "arn:aws:iam::" + account + ":role/" + name
}

func accountOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

func (r Request) value(key string) []string {
	for k, v := range r.Context {
		if strings.EqualFold(k, key) {
			return v
		}
	}
	return nil
}
