package iam

import "strings"

// pattern is a value of a policy with its variables filled in. What a variable
// brought in is never a wildcard.
type pattern struct {
	text []rune
	wild []bool // whether the character at that place is a wildcard
}

func (p *pattern) add(text string, wildcards bool) {
	for _, c := range text {
		p.text = append(p.text, c)
		p.wild = append(p.wild, wildcards && (c == '*' || c == '?'))
	}
}

func (p pattern) String() string { return string(p.text) }

// Like reports whether text matches a pattern in which * stands for any run of
// characters and ? for any one.
func Like(text, pattern string) bool { return literal(pattern).matches(text) }

// literal is a pattern without variables.
func literal(text string) pattern {
	var p pattern
	p.add(text, true)
	return p
}

// matches goes back to the last * only, so that no pattern takes long.
func (p pattern) matches(text string) bool {
	have := []rune(text)
	at, next, star, resume := 0, 0, -1, 0
	for at < len(have) {
		switch {
		case next < len(p.text) && p.wild[next] && p.text[next] == '*':
			star, resume = next, at
			next++
		case next < len(p.text) && (p.wild[next] || p.text[next] == have[at]):
			at++
			next++
		case star >= 0:
			resume++
			at, next = resume, star+1
		default:
			return false
		}
	}
	for next < len(p.text) && p.wild[next] && p.text[next] == '*' {
		next++
	}
	return next == len(p.text)
}

// matchesARN compares part by part, so that a wildcard does not reach beyond
// the part of the ARN that it stands in.
func (p pattern) matchesARN(arn string) bool {
	parts := strings.SplitN(arn, ":", 6)
	for i, part := range parts {
		var own pattern
		own, p = p.cut(i == len(parts)-1)
		if !own.matches(part) {
			return false
		}
	}
	return len(parts) == 6 && len(p.text) == 0
}

// cut splits at the first colon, or takes all that is left.
func (p pattern) cut(last bool) (own, rest pattern) {
	for i, c := range p.text {
		if c == ':' && !last {
			return pattern{p.text[:i], p.wild[:i]}, pattern{p.text[i+1:], p.wild[i+1:]}
		}
	}
	return p, pattern{}
}

// expand fills in the policy variables of values, such as
// ${aws:PrincipalAccount}. A value with a variable that the request has no
// single value for matches nothing, and is left out.
func (r Request) expand(values []string) []pattern {
	var out []pattern
	for _, v := range values {
		if p, ok := r.fill(v); ok {
			out = append(out, p)
		}
	}
	return out
}

func (r Request) fill(value string) (p pattern, ok bool) {
	if r.withoutVariables {
		return literal(value), true
	}
	for {
		before, rest, found := strings.Cut(value, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			p.add(value, true)
			return p, true
		}
		p.add(before, true)
		key, otherwise, hasDefault := strings.Cut(name, ",")
		have := r.value(strings.TrimSpace(key))
		switch {
		case name == "*" || name == "?" || name == "$":
			p.add(name, false)
		case len(have) == 1:
			p.add(have[0], false)
		case hasDefault:
			p.add(strings.Trim(strings.TrimSpace(otherwise), "'"), false)
		default:
			return p, false
		}
		value = after
	}
}
