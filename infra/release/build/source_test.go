package build

import (
	"bytes"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// version is the same in a new working copy and in one that was read before it
// changed.
func version(t *testing.T, changes map[string]string) string {
	t.Helper()
	find := func(root string) string {
		s, err := FindSource(t.Context(), root)
		require.NoError(t, err)
		return s.Version
	}
	root := workingCopy(t, small)
	find(root)
	write(t, root, changes)
	changed := find(root)
	assert.Equal(t, find(workingCopy(t, small, changes)), changed, "%v", changes)
	return changed
}

// A list that is kept is read as long as nothing that it depends on changes.
func TestWhatBinariesAreMadeOfIsKept(t *testing.T) {
	root := workingCopy(t, small)
	before, err := FindSource(t.Context(), root)
	require.NoError(t, err)
	raw, err := os.ReadFile(keptIn(root))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(keptIn(root), bytes.Replace(raw, []byte(`"Modules":[`), []byte(`"Modules":["kept@v1",`), 1), 0o600))
	other, err := FindSource(t.Context(), root)
	require.NoError(t, err)
	assert.NotEqual(t, before.Version, other.Version, "it was read")
	require.NoError(t, os.WriteFile(keptIn(root), []byte("{"), 0o600))
	again, err := FindSource(t.Context(), root)
	require.NoError(t, err)
	assert.Equal(t, before, again, "what cannot be read is found out anew")
}

func TestTheVersionFollowsWhatTheBinariesAreMadeOf(t *testing.T) {
	before := version(t, nil)
	assert.Regexp(t, `^source-[0-9a-f]{12}$`, before)
	for why, changes := range map[string]map[string]string{
		"a file":         {allocatorMain + "/more.go": "package main\n"},
		"C":              {agentMain + "/more.c": "int more;\n"},
		"a file for arm": {agentMain + "/more_arm64.go": "package main\n"},
		"Go's version":   {"go.mod": "module example.org/small\n\ngo 1.25\n"},
		"an embedded file": {
			allocatorMain + "/page.html": "<p>",
			allocatorMain + "/page.go":   "package main\n\nimport _ \"embed\"\n\n//go:embed page.html\nvar page string\n",
		},
		"a package": {allocatorMain + "/use.go": "package main\n\nimport _ \"example.org/small/api\"\n", "api/api.go": "package api\n"},
	} {
		assert.NotEqual(t, before, version(t, changes), "%s counts", why)
	}
	for why, changes := range map[string]map[string]string{
		"a test":           {allocatorMain + "/main_test.go": "package main\n"},
		"another program":  {"sim/cmd/sim/main.go": "package main\n\nfunc main() {}\n"},
		"a page of docs":   {"docs/index.md": "# LabLink\n"},
		"a file for macOS": {allocatorMain + "/more_darwin.go": "package main\n"},
	} {
		assert.Equal(t, before, version(t, changes), "%s does not count", why)
	}
}

func TestSourceThatCannotBeReadIsAnError(t *testing.T) {
	_, err := FindSource(t.Context(), workingCopy(t, small)+"/nowhere")
	assert.ErrorContains(t, err, "find the source of the release")
	_, err = FindSource(t.Context(), workingCopy(t, small, map[string]string{allocatorMain + "/x.go": "package main\n\nimport _ \"example.org/gone\"\n"}))
	assert.ErrorContains(t, err, "example.org/gone")
}

// run runs git in a folder, as nobody in particular.
func run(t *testing.T, root string, date string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"}, args...)...)
	cmd.Dir = root
	cmd.Env = append(cmd.Environ(), "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date, "GIT_CONFIG_GLOBAL=/dev/null")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "git %v: %s", args, out)
}

func repository(t *testing.T) string {
	t.Helper()
	root := workingCopy(t, small)
	run(t, root, "", "init", "-q")
	run(t, root, "", "add", ".")
	run(t, root, "2026-05-04T12:00:00Z", "commit", "-q", "-m", "source")
	return root
}

func TestTheDateIsThatOfTheNewestCommitThatChangedTheSource(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "86400")
	root := repository(t)
	run(t, root, "2026-05-05T12:00:00Z", "commit", "-q", "--allow-empty", "-m", "nothing of the release")
	s, err := FindSource(t.Context(), root)
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC), s.Changed)

	// A shallow clone begins with a commit that seems to have added every file.
	shallow := t.TempDir()
	run(t, root, "", "clone", "-q", "--depth=1", "file://"+root, shallow)
	s, err = FindSource(t.Context(), shallow)
	require.NoError(t, err)
	assert.Equal(t, time.Unix(86400, 0).UTC(), s.Changed, "SOURCE_DATE_EPOCH, not the commit that the clone begins with")
}

func TestWithoutAHistoryTheDateIsGivenOrTheBeginningOfTime(t *testing.T) {
	root := workingCopy(t, small)
	for epoch, want := range map[string]int64{"": 0, "1750000000": 1_750_000_000} {
		t.Setenv("SOURCE_DATE_EPOCH", epoch)
		s, err := FindSource(t.Context(), root)
		require.NoError(t, err)
		assert.Equal(t, time.Unix(want, 0).UTC(), s.Changed)
	}
	t.Setenv("SOURCE_DATE_EPOCH", "yesterday")
	_, err := FindSource(t.Context(), root)
	assert.ErrorContains(t, err, "SOURCE_DATE_EPOCH is in seconds")
}

func TestACommitIsDirtyPublishedOrNeither(t *testing.T) {
	root := repository(t)
	c, err := FindCommit(t.Context(), root)
	require.NoError(t, err)
	assert.Regexp(t, `^[0-9a-f]{40}$`, c.ID)
	assert.Equal(t, Commit{ID: c.ID}, c, "committed, and on no remote")

	clone := t.TempDir()
	run(t, root, "", "clone", "-q", root, clone)
	published, err := FindCommit(t.Context(), clone)
	require.NoError(t, err)
	assert.Equal(t, Commit{ID: c.ID, Published: true}, published)

	run(t, root, "", "rm", "-q", "--cached", "go.mod")
	dirty, err := FindCommit(t.Context(), root)
	require.NoError(t, err)
	assert.Equal(t, Commit{ID: c.ID, Dirty: true}, dirty)

	_, err = FindCommit(t.Context(), workingCopy(t, small))
	assert.ErrorContains(t, err, "find the commit of")
}
