package lablink_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli"
)

var (
	toMake   = regexp.MustCompile(`(?:^|[\s;&|(!])make((?:\s+(?:[A-Z]+=\S*|[a-z][a-z-]*))+)`)
	toCall   = regexp.MustCompile(`(?:^|[\s;&|(!/])lablink((?:\s+[^\s;&|()<>]+)+)`)
	remark   = regexp.MustCompile(`(?m)(?:^|\s)#.*$|<!--.*?-->`)
	codeSpan = regexp.MustCompile("`([^`\n]+)`")
	anyBlock = regexp.MustCompile("(?ms)^ *```.*?^ *```+$") // in a list it is indented
)

// What a document says to type can be typed: targets and their variables, commands
// and their flags.
func TestEveryCommandThatADocumentNamesExists(t *testing.T) {
	raw, err := os.ReadFile("Makefile")
	require.NoError(t, err)
	named := 0
	for _, file := range append(documents(t), "CONTRIBUTING.md", "CHANGELOG.md") {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		count, problems := mistyped(string(text), string(raw))
		named += count
		for _, problem := range problems {
			t.Errorf("%s: %s", file, problem)
		}
	}
	assert.Greater(t, named, 100)
}

func TestACommandThatThereIsNotIsFound(t *testing.T) {
	for text, want := range map[string]string{
		"`make up` and `STACK=test make plan`, `eval \"$(make env)\"`":                "",
		"```\nmake preview STACK=prod # make nothing\n```":                            "",
		"`lablink verify -s test --wait 2m`, `lablink`, `lablink/DEPLOYMENT`":         "",
		"```\nlablink launch \"A workshop\" --pool gpu --machines 3 --json | jq\n```": "",
		"```\nlablink destroy \\\n  --stack test --whole\n```":                        "",
		"`make upp`":                           "no target upp",
		"`make up FORCE=1`":                    "no variable FORCE",
		"`lablink verifi`":                     "no command verifi",
		"`lablink image`":                      "no whole command",
		"`lablink verify --hurry`":             "no flag --hurry",
		"```\nlablink image pin -x prod\n```":  "no flag -x",
		"```\n.lablink/bin/lablink stat\n```":  "no command stat",
		"`PATH=x lablink drift --stack=a --n`": "no flag --n",
	} {
		_, problems := mistyped(text, "up:\nenv:\nplan: ; $(STACK)\npreview:\n")
		if want == "" {
			assert.Empty(t, problems, text)
		} else if assert.Len(t, problems, 1, text) {
			assert.Contains(t, problems[0], want)
		}
	}
}

// mistyped counts the commands that a document names in code, and says which of
// them there are not.
func mistyped(text, makefile string) (count int, problems []string) {
	for _, code := range codeOf(text) {
		for _, m := range toMake.FindAllStringSubmatch(code, -1) {
			count++
			problems = append(problems, notMade(strings.Fields(m[1]), makefile)...)
		}
		for _, m := range toCall.FindAllStringSubmatch(code, -1) {
			count++
			if problem := notCalled(strings.Fields(m[1])); problem != "" {
				problems = append(problems, fmt.Sprintf("lablink%s: there is %s", m[1], problem))
			}
		}
	}
	return count, problems
}

// codeOf are a document's lines of code and what stands in code within its text,
// without remarks.
func codeOf(text string) (code []string) {
	for _, block := range anyBlock.FindAllString(text, -1) {
		lines := strings.ReplaceAll(block, "\\\n", " ")
		code = append(code, strings.Split(remark.ReplaceAllString(lines, ""), "\n")...)
	}
	for _, m := range codeSpan.FindAllStringSubmatch(anyBlock.ReplaceAllString(text, ""), -1) {
		code = append(code, remark.ReplaceAllString(m[1], ""))
	}
	return code
}

// What is marked as a shell's is run by a test: those of these two packages read the
// documents that they run.
func TestEveryBlockOfCommandsThatIsMarkedIsRun(t *testing.T) {
	var tests strings.Builder
	for _, pattern := range []string{"sim/system/*_test.go", "stacks/outputs/*_test.go"} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		for _, file := range files {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			tests.Write(raw)
		}
	}
	marked := 0
	for _, file := range everyDocument(t) {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		if regexp.MustCompile("(?m)^ *```(?:sh|bash|shell)$").Match(raw) {
			marked++
			if !strings.Contains(tests.String(), file+`"`) {
				t.Errorf("%s: no test runs its blocks", file)
			}
		}
	}
	assert.GreaterOrEqual(t, marked, 3)
}

func notMade(words []string, makefile string) (problems []string) {
	for _, word := range words {
		name, _, set := strings.Cut(word, "=")
		switch {
		case set && !strings.Contains(makefile, "$("+name+")") && !strings.Contains(makefile, "(origin "+name+")"):
			problems = append(problems, "make has no variable "+name)
		case !set && !regexp.MustCompile(`(?m)^`+name+`:`).MatchString(makefile):
			problems = append(problems, "make has no target "+name)
		}
	}
	return problems
}

// notCalled says what of a call of lablink there is not, or "".
func notCalled(words []string) string {
	parser, err := kong.New(&cli.Commands{}, kong.Name("lablink"))
	if err != nil {
		return err.Error()
	}
	at := parser.Model.Node
	for i := 0; i < len(words); i++ {
		word := words[i]
		if strings.HasPrefix(word, "-") && word != "-" {
			f := flagOf(at, word)
			if f == nil {
				return "no flag " + word
			}
			if !f.IsBool() && !strings.Contains(word, "=") {
				i++ // its value
			}
			continue
		}
		if len(at.Children) == 0 { // an argument
			continue
		}
		next := slices.IndexFunc(at.Children, func(n *kong.Node) bool { return n.Name == word })
		if next < 0 {
			return "no command " + word
		}
		at = at.Children[next]
	}
	if len(at.Children) > 0 {
		return "no whole command"
	}
	return ""
}

func flagOf(at *kong.Node, word string) *kong.Flag {
	name, _, _ := strings.Cut(word, "=")
	for _, group := range at.AllFlags(false) {
		for _, f := range group {
			if name == "--"+f.Name || f.Short != 0 && name == "-"+string(f.Short) {
				return f
			}
		}
	}
	return nil
}
