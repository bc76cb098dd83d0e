package provider

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheReadmeListsWhatThereIs(t *testing.T) {
	raw, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	var said []string
	for _, match := range regexp.MustCompile("`((?:aws|cloudflare):[^`]+:[^`]+)`").FindAllStringSubmatch(string(raw), -1) {
		said = append(said, match[1])
	}
	var have []string
	for _, p := range []Provider{AWS(), Cloudflare()} {
		have = slices.Concat(have, slices.Collect(maps.Keys(p.kinds)), slices.Collect(maps.Keys(p.functions)))
	}
	require.ElementsMatch(t, have, said)
}
