package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What functions of templates may say by themselves: signs of units, and forms of times;
// addresses, and attributes of HTML.
var (
	signs    = regexp.MustCompile(`%[.0-9]*[a-z]|[KMG]i?B|2006-01-02 15:04(:05)? MST`)
	wordless = regexp.MustCompile(`^/|^ data-|"$`)
)

// What a function of a template says, it says by the catalogue.
func TestFunctionsOfTemplatesHaveNoWordsOfTheirOwn(t *testing.T) {
	named, maps := functionsHere(t)
	seen := 0
	for _, of := range maps {
		for _, entry := range of.Elts {
			pair, ok := entry.(*ast.KeyValueExpr)
			require.True(t, ok)
			var does ast.Node = pair.Value
			if name, ok := does.(*ast.Ident); ok && named[name.Name] != nil {
				does = named[name.Name].Body
			}
			for _, words := range ownWords(does, named) {
				assert.Fail(t, "a function of templates says words of its own", "%s: %q", pair.Key.(*ast.BasicLit).Value, words)
			}
			seen++
		}
	}
	require.Greater(t, seen, 15, "the functions were not found")
	for text, own := range map[string]bool{`f("seconds")`: true, `say("lasting.seconds")`: false, `f("%.1f GiB")`: false, `f("<b>%s</b>")`: false, `f("<b>soon</b>")`: true} {
		does, err := parser.ParseExpr(text)
		require.NoError(t, err)
		require.Equal(t, own, len(ownWords(does, nil)) > 0, text)
	}
}

// functionsHere are the functions of this package, and its maps of functions of templates.
func functionsHere(t *testing.T) (named map[string]*ast.FuncDecl, maps []*ast.CompositeLit) {
	t.Helper()
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	named = map[string]*ast.FuncDecl{}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if n.Recv == nil {
					named[n.Name.Name] = n
				}
			case *ast.CompositeLit:
				if of, ok := n.Type.(*ast.SelectorExpr); ok && of.Sel.Name == "FuncMap" {
					maps = append(maps, n)
				}
			}
			return true
		})
	}
	return named, maps
}

// ownWords are the words in what something does, and in the functions here that it calls;
// but for what it lets the catalogue say.
func ownWords(does ast.Node, named map[string]*ast.FuncDecl) (all []string) {
	ast.Inspect(does, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			name, ok := n.Fun.(*ast.Ident)
			if !ok {
				return true
			}
			if does := named[name.Name]; does != nil {
				all = append(all, ownWords(does.Body, without(named, name.Name))...)
			}
			return name.Name != "say"
		case *ast.BasicLit:
			text, err := strconv.Unquote(n.Value)
			if n.Kind == token.STRING && err == nil && !wordless.MatchString(text) {
				all = append(all, spokenIn(signs.ReplaceAllString(text, ""))...)
			}
		}
		return true
	})
	return all
}

// without are the functions without one: what it says is seen once.
func without(named map[string]*ast.FuncDecl, name string) map[string]*ast.FuncDecl {
	out := map[string]*ast.FuncDecl{}
	for key, f := range named {
		if key != name {
			out[key] = f
		}
	}
	return out
}
