package preview

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Output is an output of the stack that changes.
type Output struct {
	Name   string // release.version
	How    string // added, gone, "another type", or changed
	Before any
	After  any
	Breaks bool // who reads it finds it missing, or of another type
}

// byName are the outputs whose parts are things by their names, which come and go.
var byName = []string{"pools", "images"}

// Changes are the outputs that change. There are none where it is not known what
// they will be, nor of a stack that nobody can have read.
func (o Outputs) Changes() []Output {
	if !o.Told || len(o.Before) == 0 {
		return nil
	}
	return compare("", o.Before, o.After)
}

// Version is the contract's version before and after; it is covered where it
// rises.
func (o Outputs) Version() (before, after any) {
	return o.Before["contractVersion"], o.After["contractVersion"]
}

// compare goes through two objects.
func compare(path string, before, after map[string]any) []Output {
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	var out []Output
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, had := before[name]
		is, has := after[name]
		o := Output{Name: path + name, Before: was, After: is}
		inner, within := was.(map[string]any)
		now, still := is.(map[string]any)
		switch {
		case had && has && within && still:
			out = append(out, compare(o.Name+".", inner, now)...)
			continue
		case !had:
			o.How = "added"
		case !has:
			o.How, o.Breaks = "gone", !slices.Contains(byName, strings.TrimSuffix(path, "."))
		case kind(was) != kind(is) && was != unknown && is != unknown && was != secret && is != secret:
			o.How, o.Breaks = "another type", true
		case fmt.Sprint(was) != fmt.Sprint(is):
			o.How = "changed"
		default:
			continue
		}
		out = append(out, o)
	}
	return out
}

// kind is the type of a value in JSON.
func kind(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case float64:
		return "number"
	case bool:
		return "boolean"
	case []any:
		return "list"
	case map[string]any:
		return "object"
	}
	return "nothing"
}
