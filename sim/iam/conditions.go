package iam

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// operator is a condition operator with its modifiers.
type operator struct {
	match    func(have string, want pattern) bool
	negate   bool   // StringNotEquals: holds for what matches no value
	null     bool   // Null: asks whether the key is absent
	set      string // ForAnyValue or ForAllValues, for keys with several values
	ifExists bool   // …IfExists: holds when the key is absent
}

var operators = map[string]operator{
	"StringEquals":              {match: equal},
	"StringNotEquals":           {match: equal, negate: true},
	"StringEqualsIgnoreCase":    {match: equalFold},
	"StringNotEqualsIgnoreCase": {match: equalFold, negate: true},
	"StringLike":                {match: like},
	"StringNotLike":             {match: like, negate: true},
	"ArnEquals":                 {match: arnLike},
	"ArnLike":                   {match: arnLike},
	"ArnNotEquals":              {match: arnLike, negate: true},
	"ArnNotLike":                {match: arnLike, negate: true},
	"Bool":                      {match: equalFold},
	"IpAddress":                 {match: inRange},
	"NotIpAddress":              {match: inRange, negate: true},
	"Null":                      {null: true},
}

func parseOperator(name string) (operator, error) {
	set, base, qualified := strings.Cut(name, ":")
	if !qualified {
		set, base = "", name
	}
	base, ifExists := strings.CutSuffix(base, "IfExists")
	op, known := operators[base]
	if !known || qualified && set != "ForAnyValue" && set != "ForAllValues" || op.null && (qualified || ifExists) {
		return op, fmt.Errorf("Invalid Condition type : %s.", name)
	}
	op.set, op.ifExists = set, ifExists
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
			have := r.value(key)
			if !op.holds(have, r.expand(want)) {
				return false
			}
		}
	}
	return true
}

// holds decides one condition over the values that the request has for its key;
// a key without values is absent.
func (op operator) holds(have []string, want []pattern) bool {
	absent := len(have) == 0
	if op.null {
		return slices.ContainsFunc(want, func(w pattern) bool { return equalFold(fmt.Sprint(absent), w) })
	}
	one := func(h string) bool {
		matched := slices.ContainsFunc(want, func(w pattern) bool { return op.match(h, w) })
		return matched != op.negate
	}
	every := !slices.ContainsFunc(have, func(h string) bool { return !one(h) })
	switch {
	case op.set == "ForAllValues":
		return every
	case absent:
		return op.ifExists || op.negate && op.set == ""
	case op.set == "ForAnyValue" || !op.negate:
		return slices.ContainsFunc(have, one)
	}
	return every
}

func equal(have string, want pattern) bool     { return have == want.String() }
func equalFold(have string, want pattern) bool { return strings.EqualFold(have, want.String()) }
func like(have string, want pattern) bool      { return want.matches(have) }
func arnLike(have string, want pattern) bool   { return want.matchesARN(have) }

func inRange(have string, want pattern) bool {
	addr, err := netip.ParseAddr(have)
	if err != nil {
		return false
	}
	if prefix, err := netip.ParsePrefix(want.String()); err == nil {
		return prefix.Contains(addr)
	}
	one, err := netip.ParseAddr(want.String())
	return err == nil && one == addr
}
