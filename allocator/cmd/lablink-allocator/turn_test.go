package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
)

// turnOf is who has the turn after a host asked for it.
func turnOf(t *testing.T, settings, host string) string {
	t.Helper()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	stdout := os.Stdout
	os.Stdout = write
	err = turnCommand{place: place{Settings: settings, Data: t.TempDir()}, Host: host, Release: "new", Life: time.Hour}.Run(t.Context())
	os.Stdout = stdout
	require.NoError(t, err)
	require.NoError(t, write.Close())
	raw, err := io.ReadAll(read)
	require.NoError(t, err)
	var now boot.Turn
	require.NoError(t, json.Unmarshal(raw, &now), "%s", raw)
	require.Equal(t, "new", now.Release)
	return now.Host
}

func TestAHostTakesItsTurnWhereOthersShareTheDatabase(t *testing.T) {
	s := newSeveral(t)
	require.Equal(t, "one", turnOf(t, s.settings, "one"))
	require.Equal(t, "one", turnOf(t, s.settings, "two"))
	require.NoError(t, turnCommand{place: place{Settings: s.settings, Data: t.TempDir()}, Host: "one", Give: true}.Run(t.Context()))
	require.Equal(t, "two", turnOf(t, s.settings, "two"))

	// The database is of a release that knows no turns.
	pool, err := postgres.Pool(t.Context(), s.database, 1)
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec(t.Context(), "DROP TABLE turns")
	require.NoError(t, err)
	require.Equal(t, "one", turnOf(t, s.settings, "one"))
	require.Equal(t, "two", turnOf(t, s.settings, "two"))
	require.NoError(t, turnCommand{place: place{Settings: s.settings, Data: t.TempDir()}, Host: "one", Give: true}.Run(t.Context()))
}

func TestAHostThatIsAloneAlwaysHasItsTurn(t *testing.T) {
	settings := filepath.Join(t.TempDir(), "settings.json")
	require.NoError(t, os.WriteFile(settings, []byte(settingsOfOne), 0o600))
	require.Equal(t, "one", turnOf(t, settings, "one"))
	require.Equal(t, "two", turnOf(t, settings, "two"))
}
