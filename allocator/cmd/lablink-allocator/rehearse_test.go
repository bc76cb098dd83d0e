package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestARehearsalHasACopyOfTheDatabases(t *testing.T) {
	data := t.TempDir()
	require.NoError(t, copyData(t.Context(), data), "a host that has not served yet")
	require.DirExists(t, boot.RehearsalDir(data))

	store, err := sqlite.Open(t.Context(), filepath.Join(data, storeFile), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, storetest.SetAdmin(t.Context(), store, "a hash"))
	require.NoError(t, copyData(t.Context(), data), "while the service goes on")
	second, err := sqlite.Open(t.Context(), filepath.Join(boot.RehearsalDir(data), storeFile), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer second.Close()
	hash, err := storetest.AdminHash(t.Context(), second)
	require.NoError(t, err)
	require.Equal(t, "a hash", hash)
}

func TestACopyThatHasNoRoomIsNotBegun(t *testing.T) {
	data := t.TempDir()
	var disk syscall.Statfs_t
	require.NoError(t, syscall.Statfs(data, &disk))
	file, err := os.Create(filepath.Join(data, storeFile))
	require.NoError(t, err)
	require.NoError(t, file.Truncate(int64(disk.Bavail)*disk.Bsize), "a file with a hole takes no room itself")
	require.NoError(t, file.Close())
	require.ErrorContains(t, copyData(t.Context(), data), "set allocator.dataVolumeGiB higher")
	require.NoDirExists(t, boot.RehearsalDir(data))
}

// An update copies the database while others serve on it, rehearses on the copy, and
// removes it.
func TestAReleaseIsRehearsedOnACopyOfTheDatabaseThatIsShared(t *testing.T) {
	s := newSeveral(t)
	serving, stop := s.host(t)
	defer stop()
	ws, _ := storetest.Ready(t, s.store, 2)
	of := place{Settings: s.settings, Data: t.TempDir()}
	require.ErrorContains(t, serveCommand{Settings: of.Settings, Data: of.Data, Rehearse: "abc"}.Run(t.Context()), "no copy of a PostgreSQL database")
	require.NoError(t, copyCommand{place: of}.Run(t.Context()))
	name, err := readCopy(of.Data)
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serveCommand{Settings: of.Settings, Data: of.Data, Rehearse: "abc"}.Run(ctx)
	}()
	rehearsal := &api.Client{}
	require.Eventually(t, func() bool {
		at, err := os.ReadFile(boot.AddressFile(boot.RehearsalDir(of.Data)))
		rehearsal.URL = "http://" + string(at)
		return err == nil && len(at) > 0
	}, time.Minute, 10*time.Millisecond)
	isReady(t, rehearsal)
	res, err := http.Get(rehearsal.URL + "/join/" + ws.JoinCode)
	require.NoError(t, err)
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, "it knows what there is: %s", page)

	there, err := s.store.ListPeers(t.Context())
	require.NoError(t, err)
	require.Len(t, there, 1, "it is no allocator to the others")
	cancel()
	require.NoError(t, <-ended)
	copied := s.database
	copied.Name = name
	require.NoError(t, copyCommand{place: of, Drop: true}.Run(t.Context()))
	_, err = postgres.Open(t.Context(), copied)
	require.ErrorContains(t, err, "does not exist")
	isReady(t, serving)
}

// A migration that takes away what this release reads is seen.
func TestARehearsalReadsWhatItsReleaseNeeds(t *testing.T) {
	s := newSeveral(t)
	of := place{Settings: s.settings, Data: t.TempDir()}
	require.NoError(t, copyCommand{place: of}.Run(t.Context()))
	t.Cleanup(func() { require.NoError(t, copyCommand{place: of, Drop: true}.Run(context.Background())) })
	copied, err := readCopy(of.Data)
	require.NoError(t, err)
	c := s.database
	c.Name = copied
	store, err := postgres.Open(t.Context(), c)
	require.NoError(t, err)
	defer store.Close()
	a := &app{store: store}
	require.NoError(t, a.readable(t.Context()))
	pool, err := postgres.Pool(t.Context(), c, 1)
	require.NoError(t, err)
	defer pool.Close()
	_, err = pool.Exec(t.Context(), "ALTER TABLE machines RENAME COLUMN health_reason TO why")
	require.NoError(t, err)
	err = a.readable(t.Context())
	require.Error(t, err)
	require.ErrorContains(t, err, "health_reason")
}
