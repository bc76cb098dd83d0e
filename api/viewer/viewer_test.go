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
	raw, err := viewer.Script(viewer.View{Language: viewer.Spoken("")})
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

func TestAPageHasAllPlacesFilledWithTextAlone(t *testing.T) {
	hostile := `"><script>alert('x')</script>{{title}}`
	words := map[string]string{}
	for name := range viewer.English {
		words[name] = hostile
	}
	v := viewer.View{Title: hostile, Language: viewer.Language{Name: hostile, Words: words}, Stream: hostile, Back: hostile, Watched: hostile, Assets: hostile, TakeOver: hostile, OnlyWatch: hostile}
	for _, name := range []string{"page.html", "missing.html"} {
		page, err := viewer.Fill(viewer.View{}, "source/"+name)
		require.NoError(t, err)
		require.NotContains(t, page, "{{")
		require.Contains(t, page, `<html lang="en">`)

		page, err = viewer.Fill(v, "source/"+name)
		require.NoError(t, err)
		require.NotContains(t, page, "<script>", "what is put there is no markup")
		require.NotContains(t, page, `""`)
	}
}

func TestWhatIsForOneKindOfViewerIsNotShownToAnother(t *testing.T) {
	style, err := os.ReadFile("source/viewer.css")
	require.NoError(t, err)
	source, err := os.ReadFile("source/page.html")
	require.NoError(t, err)
	for what, who := range map[string]string{`id="clip"`: "own", `id="clipboard"`: "own", `id="take-over"`: "watch", `id="only-watch"`: "control"} {
		require.Contains(t, string(source), what+` data-for="`+who+`"`)
	}
	for view, v := range map[string]viewer.View{"own": {}, "watch": {Watch: true}, "control": {Control: true}} {
		page, err := viewer.Fill(v, "source/page.html")
		require.NoError(t, err)
		require.Contains(t, page, `data-view="`+view+`"`)
		require.Contains(t, page, `data-for="`+view+`"`)
		require.Contains(t, string(style), `body:not([data-view="`+view+`"]) [data-for="`+view+`"]`)
	}
}
