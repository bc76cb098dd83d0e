package main

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
)

var quiet = slog.New(slog.DiscardHandler)

// there is a place with data and settings.
func there(t *testing.T, engine string) place {
	t.Helper()
	p := place{Settings: filepath.Join(t.TempDir(), "settings.json"), Data: t.TempDir()}
	require.NoError(t, os.WriteFile(p.Settings, []byte(`{"deployment": "lab", "database": {"engine": "`+engine+`"}}`), 0o600))
	return p
}

func TestARestoreIsRefusedWhileAnAllocatorServes(t *testing.T) {
	p, file := there(t, "sqlite"), filepath.Join(t.TempDir(), "backup.db")
	keep(t, p.Data, "then")
	require.NoError(t, backupCommand{place: p, File: file}.Run(t.Context()))
	require.WithinDuration(t, time.Now(), backedUp(p.Data), time.Hour, "the allocator tells when")
	keep(t, p.Data, "now")
	require.NoError(t, os.WriteFile(filepath.Join(p.Data, jobsFile), []byte("jobs"), 0o600))

	unlock, err := lockData(p.Data)
	require.NoError(t, err)
	err = restoreCommand{place: p, File: file}.Run(t.Context())
	require.ErrorIs(t, err, errServed)
	require.ErrorContains(t, err, "systemctl stop")
	require.Equal(t, "now", hash(t, p.Data))
	require.ErrorIs(t, serveCommand{Settings: p.Settings, Data: p.Data}.Run(t.Context()), errServed, "nor does a second allocator serve")
	unlock()

	require.NoError(t, restoreCommand{place: p, File: file}.Run(t.Context()))
	require.Equal(t, "then", hash(t, p.Data))
	require.NoFileExists(t, filepath.Join(p.Data, jobsFile), "jobs are made anew")
}

func TestPostgreSQLIsBackedUpByRDS(t *testing.T) {
	s := newSeveral(t)
	p := place{Settings: s.settings, Data: t.TempDir()}
	for _, err := range []error{backupCommand{place: p, File: "x"}.Run(t.Context()), restoreCommand{place: p, File: "x"}.Run(t.Context())} {
		require.ErrorContains(t, err, "RDS keeps backups of its own")
	}
}

// shell runs what docs/operations.md tells to type, with the programs of PostgreSQL.
func shell(t *testing.T, script string, env ...string) {
	t.Helper()
	programs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	cmd.Env = append(os.Environ(), append(env, "PATH="+strings.Join(append(programs, os.Getenv("PATH")), ":"))...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

func TestAPostgreSQLIsGoneBackToByWhatTheDocumentsTell(t *testing.T) {
	s := newSeveral(t)
	p := place{Settings: s.settings, Data: t.TempDir()}
	dump := filepath.Join(t.TempDir(), "then.sql")
	env := []string{"NOW=" + fmt.Sprintf("host=%s user=%s dbname=%s", s.database.Host, pgtest.User, s.database.Name), "FILE=" + dump}
	_, machines := storetest.Ready(t, s.store, 1)
	_, stop := s.host(t)
	err := restoreCommand{place: p}.Run(t.Context())
	require.ErrorIs(t, err, errServed)
	require.ErrorContains(t, err, "on every host")
	shell(t, `pg_dump --no-owner --no-acl --file "$FILE" "$NOW"`, env...)
	stop()
	require.NoError(t, storetest.SetAdmin(t.Context(), s.store, "of a password that was changed later"))
	require.NoError(t, s.store.(*sqlstore.Store).Close())

	shell(t, `(echo 'DROP SCHEMA public CASCADE; CREATE SCHEMA public;'; cat "$FILE") | psql --quiet --single-transaction --set ON_ERROR_STOP=1 "$NOW"`, env...)
	require.Eventually(t, func() bool { // the dump says that one serves, which counts for ten seconds
		return restoreCommand{place: p}.Run(t.Context()) == nil
	}, time.Minute, time.Second)
	c, stop := s.host(t)
	defer stop()
	logged(t, c) // with the password of then
	then, err := postgres.Open(t.Context(), s.database)
	require.NoError(t, err)
	defer then.Close()
	at, err := then.RestoredAt(t.Context())
	require.NoError(t, err)
	require.NotZero(t, at)
	m, err := then.Machine(t.Context(), machines[0].ID)
	require.NoError(t, err)
	require.True(t, m.AgentReplaceable)
}

func TestABackupThatIsNotNamedIsNotRestored(t *testing.T) {
	require.ErrorContains(t, restoreCommand{place: there(t, "sqlite")}.Run(t.Context()), "name the backup")
}

func keep(t *testing.T, data, hash string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(data, storeFile), quiet)
	require.NoError(t, err)
	require.NoError(t, storetest.SetAdmin(t.Context(), s, hash))
	require.NoError(t, s.Close())
}

func hash(t *testing.T, data string) string {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(data, storeFile), quiet)
	require.NoError(t, err)
	defer s.Close()
	got, err := storetest.AdminHash(t.Context(), s)
	require.NoError(t, err)
	return got
}
