package outputs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// examples are the blocks of docs/outputs.md in a language.
func examples(t *testing.T, language string) []string {
	t.Helper()
	raw, err := os.ReadFile("../../docs/outputs.md")
	require.NoError(t, err)
	var out []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		out = append(out, m[1])
	}
	require.NotEmpty(t, out, language)
	return out
}

// The shell's examples are run, with a pulumi that prints a stack of this
// repository.
func TestTheExamplesForTheShellWork(t *testing.T) {
	golden, err := filepath.Abs("../program/testdata/outputs.prod.json")
	require.NoError(t, err)
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "pulumi"), []byte("#!/bin/sh\ncat '"+golden+"'\n"), 0o755))
	run := func(script string) string {
		cmd := exec.Command("bash", "-euc", script)
		cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "%s\n%s", script, out)
		return strings.TrimSpace(string(out))
	}
	read := examples(t, "sh")[0]
	assert.Equal(t, "https://lab.example.org ami-0d1a6000000000003", run(read+`echo "$url $ami"`))
	assert.Equal(t, "unknown contract", run("pulumi() { echo '{\"contractVersion\": 2}'; }\n("+read+") 2>&1 || true"))
}

// What the examples in other languages read is in the contract.
func TestTheExamplesInOtherLanguagesReadWhatThereIs(t *testing.T) {
	there := map[string]bool{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[outputs.Environment]()) {
		there[f.Tag.Get("json")] = true
	}
	pool := map[string]bool{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[outputs.Pool]()) {
		pool[f.Tag.Get("json")] = true
	}
	read := regexp.MustCompile(`(?:get_output(?:_details)?|getOutput)\("(\w+)"\)|outputs\["(\w+)"\]`)
	ofPool := regexp.MustCompile(`\["gpu"\](?:\.|\[")(\w+)`)
	for _, language := range []string{"python", "typescript", "yaml"} {
		for _, example := range examples(t, language) {
			names := read.FindAllStringSubmatch(example, -1)
			require.NotEmpty(t, names, example)
			for _, m := range names {
				assert.True(t, there[m[1]+m[2]], "%s in %s reads %s", m[0], language, m[1]+m[2])
			}
			for _, m := range ofPool.FindAllStringSubmatch(example, -1) {
				assert.True(t, pool[m[1]], "%s in %s", m[0], language)
			}
		}
	}
}

// The Go examples are what the compiled ones of these packages hold.
func TestTheExamplesInGoAreCompiled(t *testing.T) {
	var compiled string
	for _, name := range []string{"example_test.go", "reference/example_test.go"} {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		compiled += strings.ReplaceAll(string(raw), "\n\t", "\n")
	}
	for _, example := range examples(t, "go") {
		for line := range strings.Lines(example) {
			assert.Contains(t, compiled, strings.TrimRight(line, "\n"), "an example in docs/outputs.md")
		}
	}
}
