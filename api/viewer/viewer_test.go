package viewer_test

import (
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/viewer"
)

func TestThePagesScriptIsGivenTheWordsThatItSays(t *testing.T) {
	script, err := os.ReadFile("source/viewer.js")
	require.NoError(t, err)
	says := map[string]string{}
	for _, m := range regexp.MustCompile(`\bwords\.(\w+)`).FindAllSubmatch(script, -1) {
		name := string(m[1])
		says[name] = viewer.English[name]
		require.NotEmpty(t, says[name], name)
	}
	raw, err := viewer.View{Language: viewer.Spoken("")}.Script()
	require.NoError(t, err)
	given := map[string]string{}
	require.NoError(t, json.Unmarshal([]byte(raw), &given))
	require.Equal(t, says, given)
	require.Contains(t, string(script), "{ ...english, ...JSON.parse(page.words ?? '{}') }", "the page of an allocator of the release before has no words for it")
	own := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^  (\w+): '(.+)',$`).FindAllSubmatch(script, -1) {
		own[string(m[1])] = string(m[2])
	}
	require.Equal(t, given, own, "it says the same by itself")
	require.NotRegexp(t, "say\\(['\"`]\\pL", string(script), "it says words of its own")
}
