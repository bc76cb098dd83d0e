package lablink_test

import (
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	fenced  = regexp.MustCompile("(?ms)^(```+).*?^```+$")
	inline  = regexp.MustCompile("`[^`\n]*`")
	linked  = regexp.MustCompile(`\]\(([^)\s]+)(?: "[^"]*")?\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *#*$`)
	tag     = regexp.MustCompile(`<a (?:id|name)="([^"]+)"`)
)

// A link inside the repository leads to a file that there is, and its anchor to a
// heading in it.
func TestEveryLinkInADocumentLeadsSomewhere(t *testing.T) {
	followed := 0
	for _, name := range everyDocument(t) {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		followed += len(links(string(raw)))
		for _, problem := range brokenLinks(name, string(raw)) {
			t.Errorf("%s: %s", name, problem)
		}
	}
	assert.Greater(t, followed, 15)
}

func TestALinkThatLeadsNowhereIsFound(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "other.md"), []byte("# One `two`, three\n\n# Again\n\n# Again\n"), 0o644))
	for text, want := range map[string]string{
		"[a](other.md) [b](other.md#one-two-three) [c](#here)\n\n## Here\n": "",
		"[a](https://example.org/nothing) [b](mailto:a@example.org)":        "",
		"`[a](nothing.md)`\n```\n[b](nothing.md)\n```\n":                    "",
		"[a](other.md#again-1)": "",
		"[a](nothing.md)":       "nothing.md",
		"![a](nothing.png)":     "nothing.png",
		"[a](other.md#again-2)": "other.md#again-2",
		"[a](#nowhere)":         "#nowhere",
	} {
		var found []string
		for _, problem := range brokenLinks(filepath.Join(dir, "this.md"), text) {
			found = append(found, strings.SplitN(problem, " ", 2)[0])
		}
		assert.Equal(t, want, strings.Join(found, " "), text)
	}
}

// everyDocument is every Markdown file of the repository.
func everyDocument(t *testing.T) (found []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "." && path != ".github" {
			return fs.SkipDir
		}
		if filepath.Ext(path) == ".md" {
			found = append(found, path)
		}
		return err
	}))
	return found
}

// prose is a document without its code.
func prose(text string) string { return inline.ReplaceAllString(fenced.ReplaceAllString(text, ""), "") }

func links(text string) (found []string) {
	for _, m := range linked.FindAllStringSubmatch(prose(text), -1) {
		found = append(found, m[1])
	}
	return found
}

// brokenLinks are the links of a document that lead nowhere, each with why.
func brokenLinks(name, text string) (problems []string) {
	for _, link := range links(text) {
		u, err := url.Parse(link)
		switch {
		case err != nil:
			problems = append(problems, fmt.Sprintf("%s is no link: %s", link, err))
			continue
		case u.Scheme != "" || u.Host != "":
			continue
		}
		target := text
		if u.Path != "" {
			path := filepath.Join(filepath.Dir(name), filepath.FromSlash(u.Path))
			info, err := os.Stat(path)
			if err != nil {
				problems = append(problems, fmt.Sprintf("%s leads to nothing: %s", link, err))
				continue
			}
			if u.Fragment == "" || info.IsDir() {
				continue
			}
			raw, err := os.ReadFile(path)
			if err != nil {
				problems = append(problems, fmt.Sprintf("%s cannot be read: %s", link, err))
				continue
			}
			target = string(raw)
		}
		if u.Fragment != "" && !anchors(target)[u.Fragment] {
			problems = append(problems, link+" names a heading that there is not")
		}
	}
	return problems
}

// anchors are those that GitHub gives the headings of a document.
func anchors(text string) map[string]bool {
	found, seen := map[string]bool{}, map[string]int{}
	for _, m := range tag.FindAllStringSubmatch(text, -1) {
		found[m[1]] = true
	}
	for _, m := range heading.FindAllStringSubmatch(fenced.ReplaceAllString(text, ""), -1) {
		title := regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`).ReplaceAllString(m[1], "$1")
		slug := strings.Map(func(r rune) rune {
			switch {
			case r == ' ':
				return '-'
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				return unicode.ToLower(r)
			}
			return -1
		}, title)
		if n := seen[slug]; n > 0 {
			found[fmt.Sprint(slug, "-", n)] = true
		}
		seen[slug]++
		found[slug] = true
	}
	return found
}
