package terraform

import (
	"cmp"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Left is something that Terraform is left to destroy.
type Left struct {
	Address, ID string
	block       string
	needs       []string
}

// leave is what Terraform manages and does not forget, with what nothing else needs
// any more first.
func leave(s *State, forget []string) ([]Left, error) {
	var there []Left
	for _, o := range s.managed("") {
		if slices.Contains(forget, o.Address) {
			continue
		}
		a, err := read[struct{ ID string }](o)
		if err != nil {
			return nil, err
		}
		there = append(there, Left{o.Address, a.ID, o.resource.address(), o.Dependencies})
	}
	slices.SortFunc(there, func(a, b Left) int { return cmp.Compare(a.Address, b.Address) })
	var out []Left
	for len(there) > 0 {
		var next []Left
		for _, l := range there {
			if !slices.ContainsFunc(there, func(other Left) bool {
				return other.block != l.block && slices.Contains(other.needs, l.block)
			}) {
				next = append(next, l)
			}
		}
		if len(next) == 0 {
			return nil, api.Problemf(api.Invalid, "The state contradicts itself", "%s and others need each other: repair the deployment first (tofu plan there must have nothing to do), then pull the state again.", there[0].Address)
		}
		out = append(out, next...)
		there = slices.DeleteFunc(there, func(l Left) bool {
			return slices.ContainsFunc(next, func(n Left) bool { return n.Address == l.Address })
		})
	}
	return out, nil
}
