package main

import (
	"database/sql"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// logged is a browser in which the admin is logged in.
func logged(t *testing.T, c *api.Client) *api.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	admin := &api.Client{URL: c.URL, HTTP: &http.Client{Jar: jar}}
	require.NoError(t, admin.Do(t.Context(), http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: "a very good password"}, nil))
	return admin
}

// says reports whether an allocator is ready, and whether a check says that it is not.
func says(t *testing.T, c *api.Client, check string) (ready, wrong bool) {
	t.Helper()
	r, err := c.Ready(t.Context())
	require.NoError(t, err)
	return r.Ready, slices.ContainsFunc(r.Checks, func(c api.Check) bool { return c.Name == check && !c.OK })
}

// Another program has the database locked: who reads is served, who writes is told, and
// staff sees why. Once it lets go all is well, without a restart.
func TestALockedDatabaseIsToldAndAllIsWellOnceItIsFree(t *testing.T) {
	answerSSM(t)
	p := there(t, "sqlite")
	require.NoError(t, os.WriteFile(p.Settings, []byte(settingsOfOne), 0o600))
	c, stop := serving(t, p)
	defer stop()
	admin := logged(t, c)
	db, err := sql.Open("sqlite", "file:"+filepath.Join(p.Data, storeFile)+"?_txlock=immediate&_pragma=busy_timeout(60000)") // it may be writing just now
	require.NoError(t, err)
	defer db.Close()
	lock, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		ready, wrong := says(t, c, "database writes")
		return !ready && wrong
	}, time.Minute, 50*time.Millisecond, "it is told")
	require.Contains(t, get(t, admin.HTTP, admin.URL+"/admin"), "Not ready: database writes.")
	err = admin.Do(t.Context(), http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1}, nil)
	require.Equal(t, api.Unavailable, api.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "locked")
	require.NoError(t, admin.Do(t.Context(), http.MethodGet, "/api/v1/workshops", nil, nil), "what is read is served")

	require.NoError(t, lock.Rollback())
	require.NoError(t, admin.Do(t.Context(), http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1}, nil))
	require.Eventually(t, func() bool {
		ready, _ := says(t, c, "database writes")
		return ready
	}, time.Minute, 50*time.Millisecond, "and nobody had to do anything")
	require.NotContains(t, get(t, admin.HTTP, admin.URL+"/admin"), "Not ready")
}

// carried reports whether an operation that was begun is carried on: EC2 is away here,
// which its message then says.
func carried(t *testing.T, admin *api.Client) bool {
	t.Helper()
	var page api.Page[api.Operation]
	require.NoError(t, admin.Do(t.Context(), http.MethodGet, "/api/v1/operations", nil, &page))
	require.NotEmpty(t, page.Items)
	return strings.HasPrefix(page.Items[0].Message, "trying again: ")
}

// PostgreSQL goes away under an allocator, and comes back.
func TestAnAllocatorGoesOnWhenItsPostgreSQLIsBack(t *testing.T) {
	pg, err := pgtest.Start(t.Context(), pgtest.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pg.Stop()) })
	require.NoError(t, pg.Prepare(t.Context()))
	c, stop := newSeveralOn(t, pg.Database(t)).host(t)
	defer stop()
	admin := logged(t, c)
	open := func() {
		t.Helper()
		require.NoError(t, admin.Do(t.Context(), http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1}, nil))
		require.Eventually(t, func() bool { return carried(t, admin) }, 2*time.Minute, 100*time.Millisecond, "its operation is carried on")
	}
	open()
	require.NoError(t, pg.Halt(t.Context()))
	ready, wrong := says(t, c, "database")
	require.True(t, !ready && wrong)
	err = admin.Do(t.Context(), http.MethodGet, "/api/v1/workshops", nil, nil)
	require.Equal(t, api.Unavailable, api.CodeOf(err), "%v", err)
	require.NoError(t, pg.Restart(t.Context()))
	require.Eventually(t, func() bool {
		ready, _ := says(t, c, "database")
		return ready
	}, time.Minute, 50*time.Millisecond)
	open()
}
