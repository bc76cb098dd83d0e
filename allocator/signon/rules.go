package signon

import (
	"crypto/sha256"
	"encoding/hex"
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

// judge says who it is that a provider says this of. Where that is nobody who may log in
// it says who it would be, too.
func (r Rules) judge(subject string, claims map[string]any) (Person, error) {
	email, _ := claims["email"].(string)
	email = strings.ToLower(email)
	verified, _ := claims["email_verified"].(bool)
	_, domain, whole := strings.Cut(email, "@")
	address := whole && domain != "" // else it could be the name of a group
	who := Person{Subject: subject, Name: nameOf(subject)}
	if address && verified {
		who.Name = email
	}
	for _, of := range []struct {
		role allocator.Role
		who  []string
	}{{allocator.Admin, r.Admins}, {allocator.Instructor, r.Instructors}, {allocator.Viewer, r.Viewers}} {
		if address && verified && slices.ContainsFunc(of.who, func(rule string) bool { return byEmail(rule, email) }) || r.inGroup(of.who, claims) {
			who.Role = of.role
			return who, nil
		}
	}
	if !address {
		return who, refused("The provider does not say your e-mail address.")
	}
	if !verified {
		return who, refused("The provider does not say that your e-mail address is yours.")
	}
	return who, refused(email + " is not among those who may log in.")
}

// nameOf is what somebody goes by whose address nobody has verified: it could be anybody's.
func nameOf(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return "sso-" + hex.EncodeToString(sum[:6])
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
