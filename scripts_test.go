package lablink_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// desk is where a script of workflows runs: with GitHub's gh, lablink and pulumi
// that do what the test says.
type desk struct {
	dir  string
	list []map[string]any // what GitHub answers when it is asked
}

// gh answers questions from list.json, by the filter it is given, and keeps what it
// is told to change.
const gh = `#!/usr/bin/env bash
set -euo pipefail
[[ $1 == api ]]
method=GET filter=
for ((i = 2; i <= $#; i++)); do
  next=$((i + 1))
  case ${!i} in
    --method) method=${!next} ;;
    --jq) filter=${!next} ;;
    --field) cp "${!next#body=@}" "$DESK/body" ;;
  esac
done
if [[ $method == GET ]]; then
  jq -r "$filter" "$DESK/list.json"
else
  echo "$*" >>"$DESK/calls"
fi
`

func (d *desk) program(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(d.dir, name), []byte(text), 0o755))
}

// run runs a script. It returns what it said, how it ended, what it changed at
// GitHub, and the text that it wrote there.
func (d *desk) run(t *testing.T, script string, args ...string) (said string, code int, calls, body string) {
	t.Helper()
	raw, err := json.Marshal(append([]map[string]any{}, d.list...))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(d.dir, "list.json"), raw, 0o644))
	d.program(t, "gh", gh)
	cmd := exec.CommandContext(t.Context(), ".github/scripts/"+script, args...)
	cmd.Env = append(os.Environ(), "DESK="+d.dir, "PATH="+d.dir+":"+os.Getenv("PATH"), "GITHUB_REPOSITORY=lab/link")
	out, err := cmd.CombinedOutput()
	if err != nil {
		var ended *exec.ExitError
		require.ErrorAs(t, err, &ended)
	}
	return string(out), cmd.ProcessState.ExitCode(), d.read(t, "calls"), d.read(t, "body")
}

// read takes what was written to a file, if anything was.
func (d *desk) read(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join(d.dir, name)
	raw, err := os.ReadFile(path)
	if err != nil {
		require.ErrorIs(t, err, os.ErrNotExist)
		return ""
	}
	require.NoError(t, os.Remove(path))
	return string(raw)
}

func comment(id int, login, body string) map[string]any {
	return map[string]any{"id": id, "body": body, "user": map[string]string{"login": login}}
}

const marker = "<!-- lablink preview test -->"

func TestAStackHasOneCommentOnAPullRequest(t *testing.T) {
	d := &desk{dir: t.TempDir()}
	file := filepath.Join(d.dir, "comment.md")
	require.NoError(t, os.WriteFile(file, []byte(marker+"\nNothing changes.\n"), 0o644))

	d.list = []map[string]any{
		comment(1, "github-actions[bot]", "<!-- lablink preview prod -->\nA lot."),
		comment(2, "somebody", marker+"\nSaid by a person."),
	}
	_, code, calls, body := d.run(t, "comment.sh", "12", file)
	require.Equal(t, 0, code)
	require.Contains(t, calls, "--method POST repos/lab/link/issues/12/comments ")
	require.Equal(t, marker+"\nNothing changes.\n", body)

	d.list = append(d.list, comment(3, "github-actions[bot]", marker+"\r\nBefore."), comment(4, "github-actions[bot]", marker+"\nBefore, too."))
	_, code, calls, body = d.run(t, "comment.sh", "12", file)
	require.Equal(t, 0, code)
	require.Equal(t, 1, strings.Count(calls, "\n"))
	require.Contains(t, calls, "--method PATCH repos/lab/link/issues/comments/3 ")
	require.Contains(t, body, "Nothing changes.")

	require.NoError(t, os.WriteFile(file, []byte("Nothing changes.\n"), 0o644))
	said, code, calls, _ := d.run(t, "comment.sh", "12", file)
	require.Equal(t, 1, code)
	require.Contains(t, said, "no marker")
	require.Empty(t, calls)
}

func TestAPreviewThatFailsIsToldAndFails(t *testing.T) {
	d := &desk{dir: t.TempDir()}
	for _, ends := range []int{0, 3} {
		d.program(t, "lablink", fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = preview ]; then echo \"$*\"; echo said aside >&2; exit %d; fi\necho '%s'\ncat \"$5\" \"$6\"\n", ends, marker))
		_, code, calls, body := d.run(t, "preview.sh", "test", "12")
		require.Equal(t, ends, code)
		require.Contains(t, calls, "repos/lab/link/issues/12/comments")
		require.Equal(t, marker+"\npreview --drift --stack test\npreview --stack test\n", body)
	}
	said, _, calls, _ := d.run(t, "preview.sh", "test")
	require.Contains(t, said, marker)
	require.Empty(t, calls, "without a pull request it is printed")

	d.program(t, "lablink", "#!/bin/sh\nexit 1\n")
	_, code, calls, _ := d.run(t, "preview.sh", "test", "12")
	require.NotZero(t, code)
	require.Empty(t, calls)
}

func TestDriftIsOneIssueForAsLongAsThereIsSome(t *testing.T) {
	d := &desk{dir: t.TempDir()}
	find := func(ends string) {
		d.program(t, "lablink", "#!/bin/sh\n[ \"$*\" = 'drift --stack test' ] || exit 9\necho '~ tags changed'\nexit "+ends+"\n")
	}
	issue := map[string]any{"number": 7, "title": "Drift in test", "pull_request": nil}
	others := []map[string]any{{"number": 5, "title": "Drift in prod", "pull_request": nil}, {"number": 6, "title": "Drift in test", "pull_request": map[string]any{}}}

	find("0")
	d.list = others
	_, code, calls, _ := d.run(t, "drift.sh", "test")
	require.Equal(t, 0, code)
	require.Empty(t, calls)

	find("1")
	_, code, calls, body := d.run(t, "drift.sh", "test")
	require.Equal(t, 0, code)
	require.Contains(t, calls, "--method POST repos/lab/link/issues --raw-field title=Drift in test")
	require.Contains(t, body, "~ tags changed")

	d.list = append(others, issue)
	_, code, calls, body = d.run(t, "drift.sh", "test")
	require.Equal(t, 0, code)
	require.Contains(t, calls, "--method PATCH repos/lab/link/issues/7 ")
	require.Contains(t, body, "~ tags changed")

	find("2")
	said, code, calls, _ := d.run(t, "drift.sh", "test")
	require.Equal(t, 2, code)
	require.Contains(t, said, "cannot be told")
	require.Empty(t, calls)

	find("0")
	_, code, calls, _ = d.run(t, "drift.sh", "test")
	require.Equal(t, 0, code)
	require.Contains(t, calls, "--method PATCH repos/lab/link/issues/7 --raw-field state=closed")
}

func TestAnEndToEndRunDestroysItsStackWhateverBecomesOfIt(t *testing.T) {
	d := &desk{dir: t.TempDir()}
	log := "#!/bin/sh\necho \"$(basename \"$0\") $1\" >>\"$DESK/calls\"\n"
	// fails makes one call end with an error, each time or the second time.
	fails := func(call string, from int) {
		for _, program := range []string{"pulumi", "lablink"} {
			d.program(t, program, log+fmt.Sprintf("[ \"$(basename \"$0\") $1\" != '%s' ] || [ \"$(grep -c '%s' \"$DESK/calls\")\" -lt %d ]\n", call, call, from))
		}
	}
	const begin, end = "pulumi cancel\nlablink destroy\n", "lablink destroy\n"
	t.Setenv("GITHUB_ACTIONS", "true")
	for _, c := range []struct {
		fails string
		from  int
		ends  int
		calls string
	}{
		{"nothing", 1, 0, begin + "pulumi up\npulumi stack\nlablink verify\n" + end},
		{"pulumi up", 1, 1, begin + "pulumi up\n" + end},
		{"lablink verify", 1, 1, begin + "pulumi up\npulumi stack\nlablink verify\n" + end},
		{"lablink destroy", 2, 1, begin + "pulumi up\npulumi stack\nlablink verify\n" + end},
		{"lablink destroy", 1, 1, begin}, // what was there before could not be destroyed
	} {
		fails(c.fails, c.from)
		said, code, calls, _ := d.run(t, "end-to-end.sh", "test-e2e")
		require.Equal(t, c.calls, calls, "%s fails: %s", c.fails, said)
		require.Equal(t, c.ends, code, "%s fails: %s", c.fails, said)
	}
	fails("nothing", 1)
	_, code, calls, _ := d.run(t, "end-to-end.sh", "test-e2e", "clean")
	require.Zero(t, code)
	require.Equal(t, begin, calls)
	t.Setenv("GITHUB_ACTIONS", "")
	said, code, calls, _ := d.run(t, "end-to-end.sh", "test-e2e", "clean")
	require.Zero(t, code)
	require.Contains(t, said, "pulumi cancel test-e2e")
	require.Equal(t, end, calls, "a lock may be of somebody who is at work")
	said, code, calls, _ = d.run(t, "end-to-end.sh", "test")
	require.Equal(t, 2, code)
	require.Contains(t, said, "ends in -e2e")
	require.Empty(t, calls, "a stack that people work with is left alone")
}
