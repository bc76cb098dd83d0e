package wire

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// filters reads Filter.N.Name and its values, of the names that are allowed.
func (q *query) filters(allowed func(name string) bool) (map[string][]string, error) {
	out := map[string][]string{}
	for n := range q.count("Filter") {
		at := fmt.Sprintf("Filter.%d.", n+1)
		name := q.get(at + "Name")
		if !allowed(name) {
			return nil, &cloud.Error{Code: "InvalidParameterValue", Message: fmt.Sprintf("The filter '%s' is invalid", name), Status: 400}
		}
		out[name] = q.list(at + "Value")
	}
	return out, nil
}

// byTag allows the filters that name a tag.
func byTag(name string) bool { return strings.HasPrefix(name, "tag:") }

// tagsFit reports whether tags are what filters by tags want.
func tagsFit(tags map[string]string, filters map[string][]string) bool {
	for name, want := range filters {
		if have, ok := tags[strings.TrimPrefix(name, "tag:")]; !ok || !anyFits(want, have) {
			return false
		}
	}
	return true
}

// anyFits reports whether one of some patterns fits a text.
func anyFits(patterns []string, text string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { ok, _ := path.Match(p, text); return ok })
}
