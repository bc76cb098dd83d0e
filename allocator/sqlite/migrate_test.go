package sqlite

import (
	"database/sql"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

func TestAMigrationThatFailsLeavesTheDatabaseAsItWas(t *testing.T) {
	db, err := connect(filepath.Join(t.TempDir(), "lablink.db"), 1)
	require.NoError(t, err)
	defer db.Close()
	quiet := slog.New(slog.DiscardHandler)
	files := fstest.MapFS{"001_first.sql": {Data: []byte("-- +goose Up\nCREATE TABLE a (x TEXT);\nINSERT INTO a VALUES ('kept');\n")}}
	require.NoError(t, migrate(t.Context(), db, files, quiet))
	files["002_broken.sql"] = &fstest.MapFile{Data: []byte("-- +goose Up\nDELETE FROM a;\nCREATE TABLE b (x TEXT);\nALTER TABLE no_such_table ADD COLUMN x TEXT;\n")}
	require.ErrorContains(t, migrate(t.Context(), db, files, quiet), "no_such_table")
	require.Equal(t, []string{"a"}, tables(t, db))
	var x string
	require.NoError(t, db.QueryRowContext(t.Context(), "SELECT x FROM a").Scan(&x))
	require.Equal(t, "kept", x)
	delete(files, "002_broken.sql")
	require.NoError(t, migrate(t.Context(), db, files, quiet), "the release before goes on")
}

func tables(t *testing.T, db *sql.DB) []string {
	t.Helper()
	var all string
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT group_concat(name) FROM
		(SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'goose%' ORDER BY name)`).Scan(&all))
	return strings.Split(all, ",")
}

// harmless are the statements after which the release before still works: they add,
// and what they add has a value that it need not know of.
var harmless = []*regexp.Regexp{
	regexp.MustCompile(`(?s)^CREATE TABLE `),
	regexp.MustCompile(`^CREATE INDEX `),
	regexp.MustCompile(`^ALTER TABLE \w+ ADD COLUMN \w+ \w+( NOT NULL DEFAULT .+)?$`),
	regexp.MustCompile(`(?s)^UPDATE `),
}

func TestMigrationsOnlyAdd(t *testing.T) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	require.NoError(t, err)
	made := map[string]bool{} // tables that the same file makes may have what it likes
	for _, name := range names[1:] {
		raw, err := fs.ReadFile(migrations, name)
		require.NoError(t, err)
		require.NotContains(t, string(raw), "NO TRANSACTION", name)
		text := regexp.MustCompile(`(?m)--.*$`).ReplaceAllString(string(raw), "")
		for statement := range strings.SplitSeq(text, ";") {
			statement = strings.TrimSpace(statement)
			if table := regexp.MustCompile(`^CREATE TABLE (\w+)`).FindStringSubmatch(statement); table != nil {
				made[table[1]] = true
			}
			if on := regexp.MustCompile(`^CREATE UNIQUE INDEX \w+ ON (\w+)`).FindStringSubmatch(statement); on != nil && made[on[1]] {
				continue
			}
			if statement == "" || slices.ContainsFunc(harmless, func(r *regexp.Regexp) bool { return r.MatchString(statement) }) {
				continue
			}
			t.Errorf("%s: %q may break the release before, which must work on the new schema: add only, and remove in a later release", name, statement)
		}
	}
}

const migrationsDir = "allocator/sqlite/migrations"

// The release before the newest migration is taken from the history, and runs its
// own suite of the store on the schema of now. Where no commit has the schema
// before this one, it is the newest commit.
func TestThePreviousReleaseWorksOnTheNewSchema(t *testing.T) {
	top := strings.TrimSpace(output(t, "", "git", "rev-parse", "--show-toplevel"))
	before, archive := t.TempDir(), filepath.Join(t.TempDir(), "before.tar")
	commit := previous(t, top)
	t.Log("the release before is", commit)
	output(t, top, "git", "archive", "--output", archive, commit)
	output(t, before, "tar", "-xf", archive)
	now, err := filepath.Glob(filepath.Join(top, migrationsDir, "*.sql"))
	require.NoError(t, err)
	for _, name := range now {
		raw, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(before, migrationsDir, filepath.Base(name)), raw, 0o600))
	}
	said := output(t, before, "go", "test", "-count=1", "-v", "-run", "^TestStore$", "./allocator/sqlite")
	require.Contains(t, said, "--- PASS: TestStore")
}

// previous is the newest commit whose migrations are some of those of now.
func previous(t *testing.T, top string) string {
	t.Helper()
	now := map[string]string{}
	names, err := filepath.Glob(filepath.Join(top, migrationsDir, "*.sql"))
	require.NoError(t, err)
	for _, name := range names {
		now[filepath.Base(name)] = strings.TrimSpace(output(t, top, "git", "hash-object", name))
	}
	after := "HEAD"
	for _, commit := range strings.Fields(output(t, top, "git", "log", "--format=%H", "--", migrationsDir)) {
		then := migrationsOf(t, top, commit)
		if len(then) < len(now) && isPart(then, now) {
			if parent := after + "^"; after != "HEAD" && maps.Equal(migrationsOf(t, top, parent), then) {
				return parent // the last one that has this schema
			}
			return commit
		}
		after = commit
	}
	return "HEAD"
}

func migrationsOf(t *testing.T, top, commit string) map[string]string {
	t.Helper()
	out := map[string]string{}
	for line := range strings.Lines(output(t, top, "git", "ls-tree", commit, migrationsDir+"/")) {
		fields := strings.Fields(line) // mode, type, hash, path
		out[filepath.Base(fields[3])] = fields[2]
	}
	return out
}

func isPart(some, all map[string]string) bool {
	for name, hash := range some {
		if all[name] != hash {
			return false
		}
	}
	return len(some) > 0
}

func output(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s %s: %s", program, strings.Join(args, " "), out)
	return string(out)
}
