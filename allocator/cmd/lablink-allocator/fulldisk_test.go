package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// The data volume is full, for the database and for the queue of jobs: who reads is
// served, desktops go on, who writes is told, and staff sees why. Once there is room, all
// is well, without a restart, and what was begun is carried on.
func TestAFullDataVolumeIsToldAndAllIsWellOnceThereIsRoom(t *testing.T) {
	if !apart(t) {
		return
	}
	answerAWS(t)
	v := mountVolume(t)
	p := there(t, "sqlite")
	p.Data = v.folder
	require.NoError(t, os.WriteFile(p.Settings, []byte(settingsOfOne), 0o600))
	store, err := sqlite.Open(t.Context(), filepath.Join(p.Data, storeFile), quiet)
	require.NoError(t, err)
	ws, machines := storetest.Ready(t, store, 1)
	require.NoError(t, store.Close())
	c, stop := serving(t, p)
	defer stop()
	alone := &several{url: c.URL}
	alone.runAgent(t, machines[0])
	admin, ann := logged(t, c), alone.claim(t, c.URL, ws.JoinCode, "ann@example.org")
	require.Eventually(t, func() bool { return alone.sees(t, ann, c.URL) }, time.Minute, 10*time.Millisecond)
	open := func() error {
		return admin.Do(t.Context(), http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Roster: many}, nil)
	}
	require.NoError(t, open())
	require.Eventually(t, func() bool { return carried(t, admin) }, 2*time.Minute, 100*time.Millisecond, "its operation is carried on")

	v.fill(t)
	require.Eventually(t, func() bool { // what is there already has room for a few
		err = open()
		return err != nil
	}, time.Minute, time.Millisecond)
	require.Equal(t, api.Unavailable, api.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "disk is full")
	require.Eventually(t, func() bool {
		ready, wrong := says(t, c, "database writes")
		_, full := says(t, c, "disk")
		return !ready && wrong && full
	}, time.Minute, 50*time.Millisecond, "it is told")
	page := get(t, admin.HTTP, admin.URL+"/admin")
	require.Contains(t, page, "Not ready: disk.")
	require.Contains(t, page, "Not ready: database writes.")
	require.NoError(t, admin.Do(t.Context(), http.MethodGet, "/api/v1/workshops", nil, nil), "what is read is served")
	require.True(t, alone.sees(t, ann, c.URL), "and she works on")

	v.free(t)
	require.Eventually(t, func() bool {
		ready, _ := says(t, c, "database writes")
		return ready
	}, time.Minute, 50*time.Millisecond, "and nobody had to do anything")
	require.NoError(t, open())
	require.Eventually(t, func() bool { return carried(t, admin) }, 2*time.Minute, 100*time.Millisecond, "its operation is carried on")
	require.NotContains(t, get(t, admin.HTTP, admin.URL+"/admin"), "Not ready")
	require.True(t, alone.sees(t, ann, c.URL))
}

// many are so many addresses that they do not fit where there was something before.
var many = func() (out []string) {
	for i := range 5000 {
		out = append(out, fmt.Sprintf("participant%d@example.org", i))
	}
	return out
}()
