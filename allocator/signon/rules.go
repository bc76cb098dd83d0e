package signon

import (
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// Rules say who gets which role: an e-mail address, all of a domain (@example.org), or
// a group that the provider names in a claim.
type Rules struct {
	Admins, Instructors, Viewers []string
	// GroupsClaim holds the names of groups. Optional: groups count for nothing.
	GroupsClaim string
}

func (r Rules) scopes() []string {
	out := []string{oidc.ScopeOpenID, "email"}
	if r.GroupsClaim == "groups" { // as most providers call it
		out = append(out, "groups")
	}
	return out
}

// judge says who it is that a provider says this of.
func (r Rules) judge(subject string, claims map[string]any) (Person, error) {
	email, _ := claims["email"].(string)
	email = strings.ToLower(email)
	verified, _ := claims["email_verified"].(bool)
	who := Person{Subject: subject, Name: email}
	if _, domain, whole := strings.Cut(email, "@"); !whole || domain == "" { // it could be the name of a group
		return who, refused("The provider does not say your e-mail address.")
	}
	for _, of := range []struct {
		role allocator.Role
		who  []string
	}{{allocator.Admin, r.Admins}, {allocator.Instructor, r.Instructors}, {allocator.Viewer, r.Viewers}} {
		if verified && slices.ContainsFunc(of.who, func(rule string) bool { return byEmail(rule, email) }) || r.inGroup(of.who, claims) {
			who.Role = of.role
			return who, nil
		}
	}
	if !verified {
		return who, refused("The provider does not say that your e-mail address is yours.")
	}
	return who, refused(email + " is not among those who may log in.")
}

// byEmail reports whether a rule is for an address, or for its domain.
func byEmail(rule, email string) bool {
	rule = strings.ToLower(rule)
	_, domain, _ := strings.Cut(email, "@")
	return rule == email || rule == "@"+domain
}

func (r Rules) inGroup(rules []string, claims map[string]any) bool {
	groups, _ := claims[r.GroupsClaim].([]any)
	return slices.ContainsFunc(groups, func(g any) bool {
		name, _ := g.(string)
		return name != "" && !strings.Contains(name, "@") && slices.Contains(rules, name)
	})
}
