package sqlite

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
)

var (
	quiet = slog.New(slog.DiscardHandler)
	noon  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
)

// keeping makes a database that keeps a password.
func keeping(t *testing.T, path, hash string) {
	t.Helper()
	s, err := Open(t.Context(), path, quiet)
	require.NoError(t, err)
	require.NoError(t, storetest.SetAdmin(t.Context(), s, hash))
	require.NoError(t, s.Close())
}

func kept(t *testing.T, path string) string {
	t.Helper()
	s, err := Open(t.Context(), path, quiet)
	require.NoError(t, err)
	defer s.Close()
	hash, err := storetest.AdminHash(t.Context(), s)
	require.NoError(t, err)
	return hash
}

func TestABackupIsForItsOwnerAloneAndWritesNothingOver(t *testing.T) {
	dir := t.TempDir()
	path, to := filepath.Join(dir, "lablink.db"), filepath.Join(dir, "backup.db")
	require.ErrorContains(t, Backup(t.Context(), path, to), "find the database")
	require.NoFileExists(t, path, "none is made")
	s, err := Open(t.Context(), path, quiet)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, storetest.SetAdmin(t.Context(), s, "then"))
	require.NoError(t, Backup(t.Context(), path, to), "while it is in use")
	info, err := os.Stat(to)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	require.ErrorContains(t, Backup(t.Context(), path, to), "choose another name")
	require.NoFileExists(t, to+".part")
	require.NoError(t, storetest.SetAdmin(t.Context(), s, "now"))
	require.Equal(t, "then", kept(t, to))
}

// backedUp makes a database that keeps "now", and a backup of when it kept "then".
func backedUp(t *testing.T) (path, file string) {
	t.Helper()
	dir := t.TempDir()
	path, file = filepath.Join(dir, "lablink.db"), filepath.Join(dir, "backup.db")
	keeping(t, path, "then")
	require.NoError(t, Backup(t.Context(), path, file))
	keeping(t, path, "now")
	return path, file
}

func TestARestoreKeepsTheOldDatabaseAsideWithItsLog(t *testing.T) {
	path, file := backedUp(t)
	// As one that was killed leaves it.
	require.NoError(t, os.WriteFile(path+"-wal", []byte("a log"), 0o600))
	require.NoError(t, os.WriteFile(path+".restoring", []byte("of one that was killed"), 0o600))
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	aside, err := Restore(t.Context(), file, path, noon, quiet)
	require.NoError(t, err)
	require.Equal(t, path+".before-20260301T120000Z", aside)
	require.NoFileExists(t, path+"-wal", "the log of the old one")
	require.FileExists(t, aside+"-wal")
	require.Equal(t, "then", kept(t, path))
	require.NoError(t, os.Remove(aside+"-wal"))
	require.Equal(t, "now", kept(t, aside))
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, before, after, "the backup is only read")
	s, err := Open(t.Context(), path, quiet)
	require.NoError(t, err)
	defer s.Close()
	at, err := s.RestoredAt(t.Context())
	require.NoError(t, err)
	require.Equal(t, noon, at)
}

func TestTwoRestoresWithinASecondKeepBothOldDatabases(t *testing.T) {
	path, file := backedUp(t)
	first, err := Restore(t.Context(), file, path, noon, quiet)
	require.NoError(t, err)
	second, err := Restore(t.Context(), first, path, noon.Add(time.Second/2), quiet)
	require.NoError(t, err)
	require.Equal(t, first+"-2", second)
	require.Equal(t, []string{"now", "now", "then"}, []string{kept(t, path), kept(t, first), kept(t, second)})
}

func TestASnapshotsDatabaseIsRestoredWithItsLog(t *testing.T) {
	from, dir := t.TempDir(), t.TempDir()
	s, err := Open(t.Context(), filepath.Join(from, "lablink.db"), quiet)
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, storetest.SetAdmin(t.Context(), s, "in the log alone"))
	require.FileExists(t, filepath.Join(from, "lablink.db-wal"))
	to := filepath.Join(dir, "lablink.db")
	aside, err := Restore(t.Context(), filepath.Join(from, "lablink.db"), to, noon, quiet)
	require.NoError(t, err)
	require.Empty(t, aside)
	require.Equal(t, "in the log alone", kept(t, to))
}

func TestAnOlderSchemaIsBroughtForward(t *testing.T) {
	dir := t.TempDir()
	file, to := filepath.Join(dir, "old.db"), filepath.Join(dir, "lablink.db")
	first, err := migrations.ReadFile("migrations/001_first.sql")
	require.NoError(t, err)
	db, err := connect(file, 1)
	require.NoError(t, err)
	require.NoError(t, migrate(t.Context(), db, fstest.MapFS{"001_first.sql": {Data: first}}, quiet))
	_, err = db.ExecContext(t.Context(), "INSERT INTO users (name, role, password_hash, session_key, created_at) VALUES ('admin', 'admin', 'of the first release', 'key', 1)")
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = Restore(t.Context(), file, to, noon, quiet)
	require.NoError(t, err)
	require.Equal(t, "of the first release", kept(t, to))
}

func TestWhatCannotBeRestoredChangesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "lablink.db")
	keeping(t, path, "now")
	file := func(name string, change func(path string)) string {
		made := filepath.Join(dir, name)
		keeping(t, made, "then")
		change(made)
		return made
	}
	run := func(statement string) func(string) {
		return func(path string) {
			db, err := connect(path, 1)
			require.NoError(t, err)
			_, err = db.ExecContext(t.Context(), statement)
			require.NoError(t, err)
			require.NoError(t, db.Close())
		}
	}
	for says, backup := range map[string]string{
		"no such file":               filepath.Join(dir, "nowhere.db"),
		"is of a newer release":      file("newer.db", run("INSERT INTO goose_db_version (version_id, is_applied) VALUES (900, 1)")),
		"is no backup of an":         file("other.db", run("DROP TABLE goose_db_version")),
		"is no database, or is dama": file("words.db", func(path string) { require.NoError(t, os.WriteFile(path, []byte("not a database at all"), 0o600)) }),
		"is damaged": file("damaged.db", func(path string) {
			raw, err := os.ReadFile(path)
			require.NoError(t, err)
			for i := 8 << 10; i < 12<<10; i++ {
				raw[i] = 0xff
			}
			require.NoError(t, os.WriteFile(path, raw, 0o600))
		}),
	} {
		_, err := Restore(t.Context(), backup, path, noon, quiet)
		require.ErrorContains(t, err, says)
		require.NoFileExists(t, path+".restoring")
		require.Equal(t, "now", kept(t, path), says)
	}
	left, err := filepath.Glob(filepath.Join(dir, "lablink.db.before*"))
	require.NoError(t, err)
	require.Empty(t, left)
}
