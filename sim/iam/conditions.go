package iam

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// operator is a condition operator with its modifiers.
type operator struct {
	match    func(have, want string) bool
	negate   bool // StringNotEquals: true when no value matches
	ifExists bool // …IfExists: true when the key is absent
}

var operators = map[string]operator{
	"StringEquals":              {match: func(h, w string) bool { return h == w }},
	"StringNotEquals":           {match: func(h, w string) bool { return h == w }, negate: true},
	"StringEqualsIgnoreCase":    {match: strings.EqualFold},
	"StringLike":                {match: like},
	"StringNotLike":             {match: like, negate: true},
	"ArnEquals":                 {match: like},
	"ArnLike":                   {match: like},
	"ArnNotEquals":              {match: like, negate: true},
	"ArnNotLike":                {match: like, negate: true},
	"Bool":                      {match: strings.EqualFold},
	"IpAddress":                 {match: inRange},
	"NotIpAddress":              {match: inRange, negate: true},
	"Null":                      {},
	"ForAnyValue:StringEquals":  {match: func(h, w string) bool { return h == w }},
	"ForAllValues:StringEquals": {match: func(h, w string) bool { return h == w }},
}

func parseOperator(name string) (operator, error) {
	base, ifExists := strings.CutSuffix(name, "IfExists")
	op, ok := operators[base]
	if !ok {
		return op, fmt.Errorf("Invalid Condition type : %s.", name)
	}
	op.ifExists = ifExists
	return op, nil
}

// conditionsHold reports whether all of a statement's conditions are met.
func conditionsHold(conditions map[string]map[string]Strings, r Request) bool {
	for name, keys := range conditions {
		op, err := parseOperator(name)
		if err != nil {
			return false // Parse refuses such a document
		}
		for key, want := range keys {
			have, present := r.value(key)
			if !conditionHolds(name, op, have, present, r.expand(want)) {
				return false
			}
		}
	}
	return true
}

func conditionHolds(name string, op operator, have []string, present bool, want []string) bool {
	if name == "Null" {
		return slices.Contains(want, fmt.Sprint(!present))
	}
	matches := func(h string) bool {
		return slices.ContainsFunc(want, func(w string) bool { return op.match(h, w) })
	}
	switch {
	case !present:
		return op.ifExists || op.negate || strings.HasPrefix(name, "ForAllValues:")
	case strings.HasPrefix(name, "ForAllValues:"):
		return !slices.ContainsFunc(have, func(h string) bool { return !matches(h) })
	case op.negate:
		return !slices.ContainsFunc(have, matches)
	}
	return slices.ContainsFunc(have, matches)
}

// like matches * (any run) and ? (any one character), as policies do.
func like(have, pattern string) bool {
	for pattern != "" {
		switch pattern[0] {
		case '*':
			rest := strings.TrimLeft(pattern, "*")
			for i := 0; i <= len(have); i++ {
				if like(have[i:], rest) {
					return true
				}
			}
			return false
		case '?':
			if have == "" {
				return false
			}
		default:
			if have == "" || have[0] != pattern[0] {
				return false
			}
		}
		have, pattern = have[1:], pattern[1:]
	}
	return have == ""
}

func inRange(have, want string) bool {
	addr, err := netip.ParseAddr(have)
	if err != nil {
		return false
	}
	if prefix, err := netip.ParsePrefix(want); err == nil {
		return prefix.Contains(addr)
	}
	one, err := netip.ParseAddr(want)
	return err == nil && one == addr
}
