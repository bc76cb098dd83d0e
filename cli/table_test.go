package cli_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli"
)

var update = flag.Bool("update", false, "write what is printed into testdata")

// random are the parts of ids, addresses and codes that differ from run to run.
var random = regexp.MustCompile(`\b(wks|mch|sea|op)_\w+|127\.0\.0\.1:\d+|/join/\w+|"join_code": "\w+"|\d{4}-\d\d-\d\dT[\d:.]+Z?`)

// golden compares what is printed with a file, which -update writes.
func golden(t *testing.T, name, got string) {
	t.Helper()
	got = random.ReplaceAllStringFunc(got, func(s string) string {
		if kind, _, is := strings.Cut(s, "_"); is && !strings.HasPrefix(s, `"`) {
			return kind + "_" + strings.Repeat("x", max(0, utf8.RuneCountInString(s)-len(kind)-1))
		}
		return regexp.MustCompile(`[0-9A-Za-z]`).ReplaceAllString(s, "x")
	})
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "go test ./cli -update writes %s", file)
}

// What a script or a person reads stays as it is: the names of fields, and columns on a
// wide and a narrow terminal.
func TestWhatIsListedLooksAsItDid(t *testing.T) {
	w, url := serve(t)
	ws := w.ReadyWorkshop(t, 2)
	_, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	var made api.MadeToken
	require.NoError(t, json.Unmarshal([]byte(must(t, url, "tokens", "make", "t", "--json")), &made))
	var tables, documents strings.Builder
	for _, command := range []string{"workshops", "machines", "seats", "operations", "pools", "users", "cost"} {
		w.Rates = map[string]allocator.Rates{"machines": dollar{}}[command] // what the others cost nobody knows
		for _, width := range []int{0, 60} {
			out, err := at(t, func(g *cli.Globals) { g.Width = width }, "--url", url, "--token", made.Secret, command)
			require.NoError(t, err)
			fmt.Fprintf(&tables, "--- lablink %s, %d columns\n%s", command, width, out)
		}
		out, err := at(t, func(*cli.Globals) {}, "--url", url, "--token", made.Secret, command, "--json")
		require.NoError(t, err)
		require.True(t, json.Valid([]byte(out)), out)
		fmt.Fprintf(&documents, "--- lablink %s --json\n%s", command, out)
	}
	golden(t, "tables.txt", tables.String())
	golden(t, "json.txt", documents.String())
}

// A text in the last column goes on below itself, and a command is one line.
func TestALongTextGoesOnBelowItself(t *testing.T) {
	d := deploy(t)
	d.ready.Ready, d.ready.Checks = false, []api.Check{{Name: "database", Reason: "it is locked by another program that has it open"}}
	out, _ := d.lablink(t, "verify")
	require.Contains(t, out, "it is locked by another program that has it open\n")
	d.width = 50
	out, _ = d.lablink(t, "verify")
	require.Regexp(t, `database +WRONG +it is locked by another program\n {17}that has it open\n`, out)
	for line := range strings.Lines(out) {
		require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 50, line)
	}

	w, url := serve(t)
	ws, _ := w.Open(t, 1)
	w.Time = time.Now()
	out, err := at(t, func(g *cli.Globals) { g.Width = 20 }, "--url", url, "--password", password, "join-token", "make", "Ann", "--workshop", ws.ID)
	require.NoError(t, err)
	require.Contains(t, out, "\nchmod +x lablink-agent\n")
}
