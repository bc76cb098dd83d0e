package gpu

import "github.com/talmolab/lablink-infrastructure/api"

// RuleFor is how tests see a rule.
type RuleFor struct {
	Says, Source string
	Health       api.Health
	Action       api.Action
}

// Rules are all rules.
func Rules() []RuleFor {
	var out []RuleFor
	for _, r := range rules {
		out = append(out, RuleFor{r.says, r.source, r.health, r.action})
	}
	return out
}

// XIDs are the XIDs of the table, as often as they are there.
func XIDs() []uint64 {
	var out []uint64
	for _, x := range xids {
		out = append(out, x.numbers...)
	}
	return out
}

// MaxFaults is how many faults are known at once.
const MaxFaults = maxFaults
