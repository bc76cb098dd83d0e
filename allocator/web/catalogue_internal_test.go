package web

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"github.com/talmolab/lablink-infrastructure/api/viewer"
)

var (
	actions = regexp.MustCompile(`\{\{.*?\}\}`)
	letters = regexp.MustCompile(`\pL{2}`)
	said    = regexp.MustCompile(`\b(?:t|say) ?(\((?:printf? )?)?"([A-Za-z0-9_.-]+)(?:%s)?"`)
)

// What is no language's: the product's name, and what is typed as it stands.
var (
	untranslated = regexp.MustCompile(`LabLink`)
	literal      = []atom.Atom{atom.Code, atom.Noscript, atom.Pre, atom.Script, atom.Style}
	spoken       = []string{"title", "placeholder", "aria-label", "alt"}
)

// viewerSource is where the page that shows a desktop is.
const viewerSource = "../../api/viewer/source"

func TestAllThatPagesSayIsInTheCatalogue(t *testing.T) {
	var names []string
	for _, folder := range []string{"templates", viewerSource} {
		files, err := filepath.Glob(folder + "/*.html")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		names = append(names, files...)
	}
	for _, name := range names {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, words := range spokenIn(actions.ReplaceAllString(string(raw), "")) {
			assert.Fail(t, name+" says words of its own", "%q", words)
		}
	}
}

// spokenIn are the words that people read or hear in a text of HTML.
func spokenIn(text string) (all []string) {
	say := func(words string) {
		if letters.MatchString(untranslated.ReplaceAllString(words, "")) {
			all = append(all, strings.TrimSpace(words))
		}
	}
	in := html.NewTokenizer(strings.NewReader(text))
	var open []atom.Atom
	for {
		kind := in.Next()
		token := in.Token()
		switch kind { //nolint:exhaustive // nobody reads comments and the like
		case html.ErrorToken:
			return all
		case html.TextToken:
			switch {
			case slices.Contains(open, atom.Noscript): // its content comes as one text
				all = append(all, spokenIn(token.Data)...)
			case len(open) == 0:
				say(token.Data)
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			for _, a := range token.Attr {
				if slices.Contains(spoken, a.Key) {
					say(a.Val)
				}
			}
			if kind == html.StartTagToken && slices.Contains(literal, token.DataAtom) {
				open = append(open, token.DataAtom)
			}
		case html.EndTagToken:
			if n := len(open); n > 0 && open[n-1] == token.DataAtom {
				open = open[:n-1]
			}
		}
	}
}

func TestTheCatalogueHoldsWhatPagesSayAndNothingElse(t *testing.T) {
	raw, err := os.ReadFile("words/en.toml")
	require.NoError(t, err)
	var sections map[string]any
	require.NoError(t, toml.Unmarshal(raw, &sections))
	there := map[string]bool{}
	name(there, "", sections)
	used, begun := map[string]bool{}, map[string]bool{} // as they are, and how those begin that are put together
	for _, pattern := range []string{"*.go", "templates/*.html"} {
		files, err := fs.Glob(os.DirFS("."), pattern)
		require.NoError(t, err)
		for _, file := range files {
			if file == "doc.go" {
				continue // which explains
			}
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			for _, m := range said.FindAllStringSubmatch(string(raw), -1) {
				if strings.HasPrefix(m[1], "(print") {
					begun[m[2]] = true
				} else {
					used[m[2]] = true
				}
			}
		}
	}
	for name := range viewer.English {
		used["viewer."+name] = true
	}
	for _, id := range slices.Sorted(maps.Keys(used)) {
		assert.True(t, there[id], "%s is said and not in the catalogue", id)
	}
	for _, id := range slices.Sorted(maps.Keys(there)) {
		part := slices.ContainsFunc(slices.Collect(maps.Keys(begun)), func(b string) bool { return strings.HasPrefix(id, b) })
		assert.True(t, used[id] || part, "%s is in the catalogue and never said", id)
	}
}

// name collects the names of messages; one of several forms is one.
func name(all map[string]bool, prefix string, section map[string]any) {
	for key, value := range section {
		inner, ok := value.(map[string]any)
		if _, plural := inner["other"]; ok && !plural {
			name(all, prefix+key+".", inner)
			continue
		}
		all[prefix+key] = true
	}
}
