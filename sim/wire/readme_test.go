package wire

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheReadmeListsTheCallsOfEC2IAMRoute53AndThePriceList(t *testing.T) {
	raw, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	for service, calls := range map[string][]string{
		"EC2": slices.Collect(maps.Keys(actions)), "Route 53": slices.Collect(maps.Keys(route53Calls)), "IAM": slices.Collect(maps.Keys(iamCalls)), "price list": slices.Collect(maps.Keys(pricingCalls)),
	} {
		line := regexp.MustCompile(`(?m)^\| ` + service + ` \|.*$`).FindString(string(raw))
		var said []string
		for _, match := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(line, -1) {
			said = append(said, match[1])
		}
		require.ElementsMatch(t, calls, said)
	}
}
