package lablink_test

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	inMake     = regexp.MustCompile(`\$\((?:origin )?([A-Z][A-Z_]+)\)`)
	madeHere   = regexp.MustCompile(`(?m)^([A-Z_]+)(?: :?=|:=)`)
	inShell    = regexp.MustCompile(`\$\{?([A-Z][A-Z0-9_]+)`)
	setHere    = regexp.MustCompile(`(?m)^\s*(?:export )?([A-Z][A-Z0-9_]+)=`)
	atGitHub   = regexp.MustCompile(`\b(?:vars|secrets)\.([A-Z][A-Z0-9_]+)`)
	listedName = regexp.MustCompile("`([A-Z][A-Z0-9_]+)`")
)

// ofTheTools are variables that make and bash set themselves.
var ofTheTools = []string{"CURDIR", "MAKEFILE_LIST", "BASH_SOURCE"}

// docs/environment.md lists each variable that a program, a target, a script or a
// workflow reads, and no other.
func TestEveryEnvironmentVariableIsListed(t *testing.T) {
	read := map[string]string{} // by what
	for _, file := range tracked(t) {
		for _, name := range variables(t, file) {
			read[name] = file
		}
	}
	raw, err := os.ReadFile("docs/environment.md")
	require.NoError(t, err)
	ours, _, found := strings.Cut(string(raw), "\n## What other programs read\n")
	require.True(t, found)
	listed := map[string]bool{}
	for line := range strings.Lines(ours) {
		if cells := strings.Split(line, "|"); len(cells) > 2 {
			for _, m := range listedName.FindAllStringSubmatch(cells[1], -1) {
				listed[m[1]] = true
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(read)) {
		assert.True(t, listed[name], "%s reads %s, which docs/environment.md does not list", read[name], name)
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		assert.NotEmpty(t, read[name], "docs/environment.md lists %s, which nothing reads", name)
	}
}

// tracked are the files of the repository that are no tests.
func tracked(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	require.NoError(t, err)
	return slices.DeleteFunc(strings.Split(strings.TrimRight(string(out), "\x00"), "\x00"), func(name string) bool {
		return strings.HasSuffix(name, "_test.go") || strings.Contains(name, "/testdata/")
	})
}

// variables are the environment variables that a file reads.
func variables(t *testing.T, file string) []string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) { // deleted, and still known to git
		return nil
	}
	require.NoError(t, err)
	text := string(raw)
	switch {
	case filepath.Ext(file) == ".go":
		return readByGo(t, file, raw)
	case file == "Makefile":
		return without(names(inMake, text), names(madeHere, text))
	case filepath.Ext(file) == ".sh" || file == ".ci/run":
		return without(names(inShell, text), names(setHere, text))
	case strings.HasPrefix(file, ".github/workflows/") || strings.HasPrefix(file, ".github/actions/"):
		return append(names(atGitHub, text), names(inShell, text)...)
	}
	return nil
}

func names(pattern *regexp.Regexp, text string) (found []string) {
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, m[1])
	}
	return found
}

func without(all, some []string) []string {
	return slices.DeleteFunc(all, func(name string) bool { return slices.Contains(some, name) || slices.Contains(ofTheTools, name) })
}

// readByGo are the names in calls of os.Getenv, and of what it is given as, and in the
// tags of flags. A name that is not told by a text, a constant of the file or a list
// of texts fails the test.
func readByGo(t *testing.T, file string, raw []byte) (found []string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, raw, 0)
	require.NoError(t, err)
	known := map[string][]string{"pulumi.EnvConfig": {"PULUMI_CONFIG"}}
	reads := map[string]bool{"os.Getenv": true, "os.LookupEnv": true}
	ast.Inspect(parsed, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ValueSpec:
			for i, v := range n.Values {
				known[n.Names[i].Name] = texts(v)
			}
		case *ast.RangeStmt:
			known[spelt(n.Key)], known[spelt(n.Value)] = keys(n.X), texts(n.X)
			if spelt(n.X) == "flag.Envs" { // read from the flags' tags
				known[spelt(n.Value)] = []string{}
			}
		case *ast.Field:
			for _, name := range n.Names {
				reads[name.Name] = reads[name.Name] || likeGetenv(n.Type)
			}
			if n.Tag != nil {
				tag, err := strconv.Unquote(n.Tag.Value)
				require.NoError(t, err)
				found = append(found, strings.FieldsFunc(reflect.StructTag(tag).Get("env"), func(r rune) bool { return r == ',' })...)
			}
		case *ast.CallExpr:
			if len(n.Args) == 1 && reads[spelt(n.Fun)] {
				found = append(found, nameOf(t, file, known, n.Args[0])...)
			}
		}
		return true
	})
	return found
}

func nameOf(t *testing.T, file string, known map[string][]string, arg ast.Expr) []string {
	t.Helper()
	if is := texts(arg); is != nil {
		return is
	}
	is := known[spelt(arg)]
	require.NotNil(t, is, "%s reads an environment variable whose name cannot be told here", file)
	return is
}

// texts are those of a text or of a list of them.
func texts(e ast.Expr) (found []string) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING {
			found = append(found, text)
		}
	case *ast.CompositeLit:
		for _, element := range e.Elts {
			found = append(found, texts(element)...)
		}
	}
	return found
}

// keys are the texts that a map has as keys.
func keys(e ast.Expr) (found []string) {
	list, ok := e.(*ast.CompositeLit)
	if !ok {
		return nil
	}
	for _, element := range list.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			found = append(found, texts(pair.Key)...)
		}
	}
	return found
}

// likeGetenv reports whether os.Getenv or os.LookupEnv can be what a function is
// given as.
func likeGetenv(e ast.Expr) bool {
	f, ok := e.(*ast.FuncType)
	if !ok || f.Results == nil || len(f.Params.List) != 1 || spelt(f.Params.List[0].Type) != "string" || spelt(f.Results.List[0].Type) != "string" {
		return false
	}
	return len(f.Results.List) == 1 || spelt(f.Results.List[1].Type) == "bool"
}

func spelt(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return spelt(e.X) + "." + e.Sel.Name
	}
	return ""
}
