package wire

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheReadmeListsTheCallsOfEC2(t *testing.T) {
	raw, err := os.ReadFile("../README.md")
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^\| EC2 \|.*$`).FindString(string(raw))
	var said []string
	for _, match := range regexp.MustCompile("`(\\w+)`").FindAllStringSubmatch(line, -1) {
		said = append(said, match[1])
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(actions)), said)
}
