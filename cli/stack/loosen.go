package stack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// standing are the types of what stands in a network: AWS lets go neither their
// groups nor their subnets.
var standing = []any{"aws:rds/instance:Instance", "aws:lb/loadBalancer:LoadBalancer"}

// ofWorkflows reports whether the resource is part of the roles of workflows, or
// bounds the roles of machines: an engineer's alone.
func (r resource) ofWorkflows() bool { return ofWorkflows(r.URN) }

func ofWorkflows(urn string) bool {
	return strings.Contains(urn, "lablink:identity:Identity") || strings.HasSuffix(urn, "::aws:iam/policy:Policy::boundary")
}

// loose is a state from which all may go that is not kept.
type loose struct {
	state   []byte
	kept    int      // how many resources stay
	exclude []string // the arguments of pulumi that name those of workflows
}

// loosen takes out of a state what kept resources depend on that is not kept. Kept
// is what is protected, and with roles what is of workflows. Pulumi keeps all that
// they depend on, and a record depends, by way of the address that it names, on the
// whole host. The next update writes the dependencies down again. What stands in the
// network keeps it.
func loosen(raw []byte, roles bool) (out loose, err error) {
	var state map[string]any
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	if err := dec.Decode(&state); err != nil {
		return out, fmt.Errorf("read the state: %w", err)
	}
	deployment, _ := state["deployment"].(map[string]any)
	resources, _ := deployment["resources"].([]any)
	kept := map[any]bool{}
	for _, r := range resources {
		r := r.(map[string]any)
		urn, kind := fmt.Sprint(r["urn"]), fmt.Sprint(r["type"])
		workflows := roles && ofWorkflows(urn)
		if r["protect"] == true || workflows {
			kept[urn] = true
			out.kept++
		}
		if workflows || roles && strings.HasPrefix(kind, "pulumi:") { // the stack and the provider that they need
			out.exclude = append(out.exclude, "--exclude", urn)
		}
	}
	gone := func(urn any) bool { return !kept[urn] }
	for _, r := range resources {
		r := r.(map[string]any)
		if !kept[r["urn"]] || slices.Contains(standing, r["type"]) {
			continue
		}
		if on, ok := r["dependencies"].([]any); ok {
			r["dependencies"] = slices.DeleteFunc(on, gone)
		}
		by, _ := r["propertyDependencies"].(map[string]any)
		for property, on := range by {
			if on, ok := on.([]any); ok {
				by[property] = slices.DeleteFunc(on, gone)
			}
		}
	}
	out.state, err = json.Marshal(state)
	return out, err
}
