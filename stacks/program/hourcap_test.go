package program_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAPlanWarnsOfAPoolWhoseTypesAllCostTooMuch(t *testing.T) {
	pools := func(market, usd, types string) string {
		return `[{"name": "gpu", "instanceTypes": [` + types + `], "image": {"id": "ami-00000001"}, "market": "` + market + `", "maxHourlyUsd": ` + usd + `, "maxMachines": 4}]`
	}
	for name, c := range map[string]struct {
		pools string
		warns string
	}{
		"each is dearer":                         {pools("on-demand", "0.5", `"g5.xlarge", "g4dn.xlarge"`), "lablink:pools[0].maxHourlyUsd is $0.500, and by LabLink's table of June 2025 every type of pool gpu costs more: g5.xlarge $1.022, g4dn.xlarge $0.542, each with its volume and address."},
		"one is not, to a tenth of a cent":       {pools("on-demand", "0.542", `"g5.xlarge", "g4dn.xlarge"`), ""},
		"the table knows no spot prices":         {pools("spot", "0.5", `"g5.xlarge"`), ""},
		"nor does it where spot machines may be": {pools("spot-then-on-demand", "0.5", `"g5.xlarge"`), ""},
		"there is no cap":                        {pools("on-demand", "0", `"g5.xlarge"`), ""},
	} {
		told := strings.Join(stackOf(t, "test").set(map[string]string{"lablink:pools": c.pools}).fit(t).record(t).Warnings, "\n")
		if c.warns == "" {
			assert.NotContains(t, told, "maxHourlyUsd", name)
			continue
		}
		assert.Contains(t, told, c.warns, name)
	}
}
