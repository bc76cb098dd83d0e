package main

import (
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := pgtest.Stop(); err != nil {
		log.Fatal(err)
	}
	os.Exit(code)
}

// A database that this binary cannot use is said before anything is opened: data
// would go where nobody looks for it.
func TestADatabaseThatCannotBeUsedIsRefusedBeforeAnythingIsOpened(t *testing.T) {
	dir := t.TempDir()
	settings, data := filepath.Join(dir, "settings.json"), filepath.Join(dir, "data")
	whole := `{"engine": "postgres", "endpoint": "db:5432", "name": "lablink", "secretArn": "arn:x"}`
	for _, c := range []struct{ database, rehearse, says string }{
		{`{"engine": "mysql"}`, "", `database.engine: "mysql"`},
		{`{"engine": ""}`, "", `database.engine: ""`},
		{`{"engine": "postgres"}`, "", "deploy again"},
		{whole, "abc", "no copy of a PostgreSQL database"},
	} {
		require.NoError(t, os.WriteFile(settings, []byte(`{"deployment": "lab", "database": `+c.database+`}`), 0o600))
		err := serveCommand{Settings: settings, Data: data, Rehearse: c.rehearse}.Run(t.Context())
		assert.ErrorContains(t, err, c.says)
		assert.NoDirExists(t, data)
	}
}

func TestWithPostgresTheDataIsInTheDatabaseAlone(t *testing.T) {
	c := pgtest.Database(t)
	data := t.TempDir()
	open := func() *app {
		a := &app{
			settings: deployed.Settings{Database: deployed.Database{Engine: deployed.Postgres, Endpoint: c.Host + ":5432", Name: c.Name, SecretARN: "arn:x"}},
			data:     data, login: c.Login, log: slog.New(slog.DiscardHandler),
		}
		require.NoError(t, a.openStore(t.Context()))
		a.service = &allocator.Service{Store: a.store, Log: a.log}
		require.NoError(t, a.openQueue(t.Context()))
		require.NoError(t, a.queue.Start(t.Context()))
		return a
	}
	one, other := open(), open()
	require.NoError(t, storetest.SetAdmin(t.Context(), one.store, "hash"))
	hash, err := storetest.AdminHash(t.Context(), other.store)
	require.NoError(t, err)
	require.Equal(t, "hash", hash)
	require.True(t, one.service.Leader.Leads(t.Context()))
	require.False(t, other.service.Leader.Leads(t.Context()))
	one.close()
	other.close()
	files, err := os.ReadDir(data)
	require.NoError(t, err)
	require.Empty(t, files)
}
