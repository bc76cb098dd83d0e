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
	for _, match := range regexp.MustCompile("`(aws:[^`]+)`").FindAllStringSubmatch(string(raw), -1) {
		said = append(said, match[1])
	}
	have := slices.Concat(slices.Collect(maps.Keys(kinds)), slices.Collect(maps.Keys(functions)))
	require.ElementsMatch(t, have, said)
}
