package settings

import (
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	Key  string // the key below lablink: as it stands in the stack file, for example dns.domain
	What string // what is wrong
	Fix  string // what to do about it
}

// The subjects of problems that are not below the namespace.
const (
	regionKey = "aws:region"
	tokenKey  = "cloudflare:apiToken"
	stackKey  = "the stack's name"
)

func (p Problem) String() string {
	return fmt.Sprintf("%s %s\n    fix: %s", p.Subject(), p.What, p.Fix)
}

// Subject is what the problem is with, as people write it.
func (p Problem) Subject() string {
	if p.Key == regionKey || p.Key == tokenKey || p.Key == stackKey {
		return p.Key
	}
	return namespace + ":" + p.Key
}

// Problems are all that is wrong with a stack's configuration.
type Problems struct {
	Stack string
	List  []Problem
}

func (p *Problems) Error() string {
	var b strings.Builder
	noun := "problems"
	if len(p.List) == 1 {
		noun = "problem"
	}
	fmt.Fprintf(&b, "Pulumi.%s.yaml has %d %s; nothing was deployed:", p.Stack, len(p.List), noun)
	for _, problem := range p.List {
		fmt.Fprintf(&b, "\n  %s", problem)
	}
	return b.String()
}

// add reports a problem, unless the key, or what it is part of, has one
// already: what could not be read is not also missing.
func (p *Problems) add(key, fix, what string, args ...any) {
	if p.know(key) {
		return
	}
	p.List = append(p.List, Problem{Key: key, What: fmt.Sprintf(what, args...), Fix: fix})
}

// know reports whether a key, or what it is part of, has a problem.
func (p *Problems) know(key string) bool {
	return slices.ContainsFunc(p.List, func(known Problem) bool {
		rest, ok := strings.CutPrefix(key, known.Key)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}
