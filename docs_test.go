package lablink_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
