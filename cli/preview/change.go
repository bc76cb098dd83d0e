package preview

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// verbs are what the engine's operations mean to people, in the order in which
// they matter. What is not here changes nothing.
var verbs = []struct{ op, says string }{
	{"replace", "replaced"}, {"delete", "deleted"}, {"update", "changed"}, {"create", "created"}, {"import", "imported"},
}

func rank(op string) int {
	return slices.IndexFunc(verbs, func(v struct{ op, says string }) bool { return v.op == op })
}

// Changes are the steps that change something, without components, which are
// their parts.
func (p *Preview) Changes() []Step {
	return p.steps(func(s Step) bool { return !s.Drift && !s.isComponent() && rank(s.Op) >= 0 })
}

// planned is all that the engine means to do, or to leave as it is.
func (p *Preview) planned() []Step {
	return p.steps(func(s Step) bool { return !s.Drift })
}

// AddDrift takes over from another preview of the same stack what was changed by hand.
// A look that did not come to its end is told of: it may have missed something.
func (p *Preview) AddDrift(looked *Preview) {
	p.Steps = append(p.Steps, looked.steps(func(s Step) bool { return s.Drift })...)
	if p.complete() && !looked.complete() {
		p.Said = append(p.Said, Said{Message: "Whether something was changed by hand cannot be told: the look at what is there did not come to its end."})
	}
}

// Drifted are the resources that are not as the last deployment left them. Those
// that are gone have no state after.
func (p *Preview) Drifted() []Step {
	return p.steps(func(s Step) bool { return s.Drift && !s.isComponent() && (s.New == nil || len(s.Changed) > 0) })
}

// steps are those that are wanted, as their components, operations and names
// order them: engines work in parallel.
func (p *Preview) steps(want func(Step) bool) []Step {
	var out []Step
	for _, s := range p.Steps {
		if want(s) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b Step) int {
		return cmp.Or(strings.Compare(a.Component(), b.Component()), cmp.Compare(rank(a.Op), rank(b.Op)), strings.Compare(a.Name, b.Name))
	})
	return out
}

// count is "2 replaced, 1 created".
func count(steps []Step) string {
	var out []string
	for _, v := range verbs {
		n := 0
		for _, s := range steps {
			if s.Op == v.op {
				n++
			}
		}
		if n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, v.says))
		}
	}
	return cmp.Or(strings.Join(out, ", "), "nothing changes")
}

// telling are the properties whose values are shown: they say what a resource is,
// and hold nothing that anybody would keep to themselves.
var telling = []string{
	"ami", "availabilityZone", "cidrBlock", "cidrIpv4", "desiredCapacity", "domainName", "engineVersion", "fqdn", "imageId", "instanceClass",
	"instanceType", "key", "metricName", "multiAz", "name", "privateIp", "protocol", "records[0]", "size", "subnetId", "threshold", "ttl", "type", "vpcId",
}

// difference says how a property of the step changes.
func (s Step) difference(property string) string {
	forces := ""
	if slices.Contains(s.Replaces, property) {
		forces = ", for which it is replaced"
	}
	if !slices.Contains(telling, property) {
		return code(property) + forces
	}
	return fmt.Sprintf("%s %s → %s%s", code(property), value(s.Old, property), value(s.New, property), forces)
}

// value is a property as it is shown.
func value(s *State, property string) string {
	if s == nil {
		return "–"
	}
	name, inner, list := strings.Cut(property, "[0]")
	v := s.Inputs[name]
	if values, ok := v.([]any); list && inner == "" && ok && len(values) > 0 {
		v = values[0]
	}
	return shown(v)
}

// longest is how many bytes of a value are shown.
const longest = 120

const known = "(known after the deployment)"

// sum is a SHA-256, of which people read the beginning.
var sum = regexp.MustCompile(`\b([0-9a-f]{12})[0-9a-f]{52}\b`)

// shown is a value as it stands in the comment.
func shown(v any) string {
	switch v := v.(type) {
	case nil:
		return "–"
	case string:
		switch {
		case v == secret:
			return "a secret"
		case strings.Contains(v, unknown):
			return known
		case v == "":
			return "(empty)"
		}
		return code(cut(sum.ReplaceAllString(v, "$1…"), longest))
	case bool, float64:
		return code(fmt.Sprint(v))
	case []any:
		var all []string
		for _, e := range v {
			if text, ok := e.(string); ok && !strings.Contains(text, unknown) && text != secret {
				all = append(all, text)
			}
		}
		if len(all) == len(v) {
			return shown(strings.Join(all, ", "))
		}
	}
	return "(a structure)"
}
