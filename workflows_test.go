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
	"golang.org/x/mod/modfile"
	"gopkg.in/yaml.v3"

	"github.com/talmolab/lablink-infrastructure/cli"
)

// workflow is a workflow, or an action of this repository, as far as the rules go.
type workflow struct {
	On          yaml.Node
	Permissions *map[string]string
	Jobs        map[string]job
	Runs        struct{ Steps []step } // an action's
}

type job struct {
	Uses, If, Environment string
	Timeout               int `yaml:"timeout-minutes"`
	Permissions           map[string]string
	Concurrency           struct{ Group string }
	Env                   map[string]string
	Steps                 []step
}

type step struct {
	Uses, Run string
	With      map[string]string
	Env       map[string]string
}

var (
	used      = regexp.MustCompile(`(?m)^\s*(?:- )?uses:\s*(.*)$`)
	pinned    = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	note      = regexp.MustCompile(`^echo "[^"$` + "`" + `\\]*" >>"\$GITHUB_STEP_SUMMARY"$`)
	toRun     = regexp.MustCompile(`(?:^|[\s@;&|(])lablink((?: [a-z][a-z-]*)+)`)
	made      = regexp.MustCompile(`(?m)^([a-z][a-z-]*):`)
	roleGiven = regexp.MustCompile(`vars\.(TEST|PROD)_(PREVIEW|DRIFT|DEPLOY|E2E)_ROLE_ARN`)
)

func TestWorkflowsKeepTheRules(t *testing.T) {
	known := commands(t)
	files := workflowFiles(t)
	require.GreaterOrEqual(t, len(files), 7)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, problem := range broken(string(raw), known) {
			t.Errorf("%s: %s", file, problem)
		}
	}
}

func TestTheRulesOfWorkflowsNoticeWhatBreaksThem(t *testing.T) {
	const good = `on:
  push:
permissions:
  contents: read
jobs:
  a:
    timeout-minutes: 5
    environment: test
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
      - uses: ./.github/actions/stack
        with:
          role: ${{ vars.TEST_DEPLOY_ROLE_ARN }}
      - run: make deploy STACK=test
      - run: lablink verify --stack test
`
	known := commands(t)
	require.Empty(t, broken(good, known))
	for name, c := range map[string]struct{ old, becomes, want string }{
		"a tag":                       {"3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "v7", "not pinned"},
		"a commit without a version":  {" # v7.0.1", "", "not pinned"},
		"an action that there is not": {"actions/stack\n", "actions/none\n", "there is no"},
		"no permissions":              {"permissions:\n  contents: read\n", "", "permissions"},
		"too many permissions":        {"contents: read", "contents: write", "permissions"},
		"one permission more":         {"contents: read", "contents: read\n  issues: write", "permissions"},
		"no time limit":               {"    timeout-minutes: 5\n", "", "timeout-minutes"},
		"a trigger with our secrets":  {"push:", "pull_request_target:", "pull_request_target"},
		"a target that there is not":  {"make deploy", "make deploi", "no target deploi"},
		"a command that there is not": {"lablink verify", "lablink verifi", "no command lablink verifi"},
		"a command of its own":        {"make deploy STACK=test", "aws s3 rm", "neither"},
		"a value within a script":     {"STACK=test", "STACK=${{ github.head_ref }}", "within a script"},
		"a role in another context":   {"environment: test", "environment: prod", "TEST_DEPLOY_ROLE_ARN"},
		"a role for another stack":    {"TEST_DEPLOY_", "TEST_E2E_", "takes the role of test-e2e: make deploy STACK=test"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, good, c.old)
			require.Contains(t, strings.Join(broken(strings.Replace(good, c.old, c.becomes, 1), known), "\n"), c.want)
		})
	}
}

// What targets and scripts call of lablink exists too.
func TestTargetsAndScriptsCallCommandsThatExist(t *testing.T) {
	scripts, err := filepath.Glob(".github/scripts/*.sh")
	require.NoError(t, err)
	known := commands(t)
	called := 0
	for _, file := range append(scripts, "Makefile") {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		for line := range strings.Lines(string(raw)) {
			if strings.HasPrefix(strings.TrimSpace(line), "#") || strings.Contains(line, "## ") {
				continue
			}
			for _, m := range toRun.FindAllStringSubmatch(line, -1) {
				called++
				assert.True(t, known["lablink"+m[1]], "%s: there is no command lablink%s", file, m[1])
			}
		}
	}
	assert.GreaterOrEqual(t, called, 6)
}

// Workflows run the engine that the tests run.
func TestWorkflowsUseTheEngineThatToolsPin(t *testing.T) {
	raw, err := os.ReadFile("tools/pulumi/go.mod")
	require.NoError(t, err)
	mod, err := modfile.Parse("go.mod", raw, nil)
	require.NoError(t, err)
	at := slices.IndexFunc(mod.Require, func(r *modfile.Require) bool { return r.Mod.Path == "github.com/pulumi/pulumi/pkg/v3" })
	require.GreaterOrEqual(t, at, 0)
	action, err := os.ReadFile(".github/actions/stack/action.yml")
	require.NoError(t, err)
	require.Contains(t, string(action), "pulumi-version: "+strings.TrimPrefix(mod.Require[at].Mod.Version, "v")+"\n")
}

// One stack is worked on by one run at a time, and a deployment that runs is not
// cut short.
func TestRunsThatChangeAStackWaitForEachOther(t *testing.T) {
	changing := 0
	for _, file := range workflowFiles(t) {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		w := parse(t, raw)
		for name, j := range w.Jobs {
			if !strings.Contains(j.role(), "_DEPLOY_") && !strings.Contains(j.role(), "_E2E_") {
				continue
			}
			changing++
			assert.Equal(t, "stack-"+j.Environment, j.Concurrency.Group, "%s: %s", file, name)
		}
		assert.NotRegexp(t, `group: stack-.*\n\s*cancel-in-progress`, string(raw), file)
	}
	assert.Equal(t, 5, changing)
}

func workflowFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(".github/workflows/*")
	require.NoError(t, err)
	actions, err := filepath.Glob(".github/actions/*/action.yml")
	require.NoError(t, err)
	return append(files, actions...)
}

func parse(t *testing.T, raw []byte) (w workflow) {
	t.Helper()
	require.NoError(t, yaml.Unmarshal(raw, &w))
	return w
}

// role is the role that a job takes.
func (j job) role() string {
	for _, s := range j.Steps {
		if s.With["role"] != "" {
			return s.With["role"]
		}
	}
	return ""
}

// broken are the rules that a workflow, or an action, breaks.
func broken(raw string, known map[string]bool) (problems []string) {
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	var w workflow
	if err := yaml.Unmarshal([]byte(raw), &w); err != nil {
		return []string{err.Error()}
	}
	for _, m := range used.FindAllStringSubmatch(raw, -1) {
		if local, ok := strings.CutPrefix(m[1], "./"); ok {
			if _, err := os.Stat(local); err != nil {
				say("there is no %s", local)
			}
		} else if !pinned.MatchString(m[1]) {
			say("%s is not pinned to a commit with its version as comment", m[1])
		}
	}
	checkSteps(say, known, w.Runs.Steps)
	if len(w.Runs.Steps) > 0 {
		return problems
	}
	if w.Permissions == nil || len(*w.Permissions) > 1 || len(*w.Permissions) == 1 && (*w.Permissions)["contents"] != "read" {
		say("the permissions at the top are not contents: read or less")
	}
	for _, trigger := range []string{"pull_request_target", "workflow_run"} { // run with secrets on what strangers wrote
		if strings.Contains(raw, trigger) {
			say("%s is used", trigger)
		}
	}
	for name, j := range w.Jobs {
		if j.Timeout == 0 && j.Uses == "" {
			say("%s has no timeout-minutes", name)
		}
		checkSteps(say, known, j.Steps)
		checkRole(say, name, j)
	}
	return problems
}

func checkSteps(say func(string, ...any), known map[string]bool, steps []step) {
	for _, s := range steps {
		if strings.Contains(s.Run, "${{") {
			say("a value is put within a script, where it is run: %s", s.Run)
		}
		for command := range strings.Lines(s.Run) {
			words := strings.Fields(command)
			switch {
			case len(words) == 0 || note.MatchString(strings.TrimSpace(command)):
			case words[0] == "make" && len(words) > 1:
				if !known[words[0]+" "+words[1]] {
					say("there is no target %s", words[1])
				}
			case words[0] == "lablink":
				if m := toRun.FindStringSubmatch(command); m == nil || !known["lablink"+m[1]] {
					say("there is no command %s", command)
				}
			default:
				say("neither a target of make nor a command of lablink: %s", command)
			}
		}
	}
}

// checkRole holds a job to the context that the role it takes trusts; see
// infra/identity.
func checkRole(say func(string, ...any), name string, j job) {
	for _, m := range roleGiven.FindAllStringSubmatch(j.role(), -1) {
		stack := strings.ToLower(m[1])
		if m[2] == "E2E" { // it deploys a stack beside the environment's, and production has none
			stack = "test-e2e"
		}
		environment := map[string]string{"TEST PREVIEW": "", "PROD PREVIEW": "prod-preview", "TEST DEPLOY": "test", "PROD DEPLOY": "prod", "TEST E2E": "test-e2e"}[m[1]+" "+m[2]]
		if j.Environment != environment && j.Environment != "${{ inputs.stack }}" {
			say("%s takes %s in the environment %q; it is for %q", name, m[0], j.Environment, environment)
		}
		if m[2] == "DRIFT" && !strings.Contains(j.If, "github.ref == 'refs/heads/main'") {
			say("%s takes %s elsewhere than on main", name, m[0])
		}
		for _, env := range append([]map[string]string{j.Env}, envs(j.Steps)...) {
			if s := env["STACK"]; s != "" && s != stack && s != "${{ inputs.stack }}" {
				say("%s takes the role of %s for %s", name, stack, s)
			}
		}
		for _, s := range j.Steps {
			if _, after, ok := strings.Cut(s.Run, "STACK="); ok && strings.Fields(after)[0] != stack {
				say("%s takes the role of %s: %s", name, stack, s.Run)
			}
		}
	}
}

func envs(steps []step) (out []map[string]string) {
	for _, s := range steps {
		out = append(out, s.Env)
	}
	return out
}

// commands are what can be run: "make TARGET" and "lablink COMMAND".
func commands(t *testing.T) map[string]bool {
	t.Helper()
	known := map[string]bool{}
	raw, err := os.ReadFile("Makefile")
	require.NoError(t, err)
	for _, m := range made.FindAllStringSubmatch(string(raw), -1) {
		known["make "+m[1]] = true
	}
	parser, err := kong.New(&cli.Commands{}, kong.Name("lablink"))
	require.NoError(t, err)
	for _, leaf := range parser.Model.Leaves(false) {
		known[leaf.FullPath()] = true
	}
	return known
}
