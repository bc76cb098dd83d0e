package lablink_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
)

var (
	testNamed   = regexp.MustCompile("`(Test[A-Z]\\w*)`")
	testDefined = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// What a document says is held by a test is held by one that there is.
func TestEveryTestThatADocumentNamesExists(t *testing.T) {
	there := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != "." {
			return fs.SkipDir
		}
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		raw, err := os.ReadFile(path)
		for _, m := range testDefined.FindAllStringSubmatch(string(raw), -1) {
			there[m[1]] = true
		}
		return err
	}))
	named := 0
	for _, name := range documents(t) {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, m := range testNamed.FindAllStringSubmatch(string(raw), -1) {
			named++
			assert.True(t, there[m[1]], "%s names %s", name, m[1])
		}
	}
	assert.Greater(t, named, 50)
}

// The weaknesses of the Terraform deployment are numbered, those of its security
// and those of its operation. Each has a row.
func TestEveryWeaknessOfTheTerraformDeploymentIsAnswered(t *testing.T) {
	for file, numbers := range map[string][]string{
		"docs/security.md":              numbered("S", 21),
		"docs/coming-from-terraform.md": append(numbered("O", 26), "O18b"),
	} {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, n := range numbers {
			row := regexp.MustCompile(`(?m)^\| `+n+` \|[^|]+\|[^|]+\|([^|]+)\|$`).FindAllStringSubmatch(string(raw), -1)
			if assert.Len(t, row, 1, "%s: rows for %s", file, n) {
				assert.NotEmpty(t, strings.TrimSpace(row[0][1]), "%s: what holds %s", file, n)
			}
		}
	}
}

// Each module that LabLink requires itself has a line that says what for, and each
// line is of one that it requires.
func TestEveryDependencyHasAReason(t *testing.T) {
	raw, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	mod, err := modfile.Parse("go.mod", raw, nil)
	require.NoError(t, err)
	text, err := os.ReadFile("docs/dependencies.md")
	require.NoError(t, err)
	modules, _, found := strings.Cut(string(text), "\n## Programs\n")
	require.True(t, found)
	var listed []string
	for line := range strings.Lines(modules) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		for _, m := range codeSpan.FindAllStringSubmatch(cells[1], -1) {
			listed = append(listed, m[1])
		}
		assert.NotEmpty(t, strings.TrimSpace(cells[3]), line)
	}
	names := func(module, name string) bool {
		rest, short := strings.CutPrefix(name, "…")
		return module == name || short && strings.HasSuffix(module, rest)
	}
	var required []string
	for _, r := range mod.Require {
		if !r.Indirect {
			required = append(required, r.Mod.Path)
			assert.True(t, slices.ContainsFunc(listed, func(n string) bool { return names(r.Mod.Path, n) }), "%s has no reason", r.Mod.Path)
		}
	}
	for _, name := range listed {
		if _, err := os.Stat(name + "/go.mod"); err == nil { // a tool
			continue
		}
		assert.True(t, slices.ContainsFunc(required, func(m string) bool { return names(m, name) }), "%s is not required", name)
	}
}

// What code owners review is there.
func TestCodeOwnersOwnWhatThereIs(t *testing.T) {
	raw, err := os.ReadFile(".github/CODEOWNERS")
	require.NoError(t, err)
	owned := 0
	for line := range strings.Lines(string(raw)) {
		if pattern, ok := strings.CutPrefix(line, "/"); ok {
			owned++
			found, err := filepath.Glob(strings.Fields(pattern)[0])
			require.NoError(t, err)
			assert.NotEmpty(t, found, line)
		}
	}
	assert.Greater(t, owned, 3)
}

func numbered(letter string, to int) (out []string) {
	for i := range to {
		out = append(out, fmt.Sprint(letter, i+1))
	}
	return out
}

func documents(t *testing.T) []string {
	t.Helper()
	docs, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	return append(docs, "README.md", "sim/README.md")
}
