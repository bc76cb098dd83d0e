package postgres_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// How long a test that has failed waits, and how often it looks.
const (
	wait = 30 * time.Second
	tick = 20 * time.Millisecond
)

// server starts a server of a test's own.
func server(t *testing.T) *pgtest.Server {
	t.Helper()
	s, err := pgtest.Start(t.Context(), pgtest.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Stop()) })
	require.NoError(t, s.Prepare(t.Context()))
	return s
}

func TestADatabaseThatGoesAwayAndComesBackNeedsNobody(t *testing.T) {
	pg := server(t)
	s := open(t, pg.Database(t))
	require.NoError(t, storetest.SetAdmin(t.Context(), s, "before"))
	require.NoError(t, pg.Halt(t.Context()))
	for range 3 {
		err := storetest.SetAdmin(t.Context(), s, "meanwhile")
		require.Equal(t, api.Unavailable, api.CodeOf(err), "%v", err)
		require.ErrorContains(t, err, "Try again")
		_, err = storetest.AdminHash(t.Context(), s)
		require.Equal(t, api.Unavailable, api.CodeOf(err), "%v", err)
		_, err = s.Machines(t.Context(), "", true)
		require.Equal(t, api.Unavailable, api.CodeOf(err), "%v", err)
		require.Error(t, s.Ping(t.Context()))
	}
	require.NoError(t, pg.Restart(t.Context()))
	hash, err := storetest.AdminHash(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, "before", hash, "what was acknowledged is there, and nothing else")
	require.NoError(t, storetest.SetAdmin(t.Context(), s, "after"))
}

func TestAConnectionThatBreaksFailsAChangeInWords(t *testing.T) {
	c := pgtest.Database(t)
	s, other := open(t, c), plain(t, c)
	lock, err := other.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = lock.ExecContext(t.Context(), "LOCK TABLE users")
	require.NoError(t, err)
	failed := make(chan error, 1)
	go func() { failed <- storetest.SetAdmin(context.Background(), s, "hash") }()
	require.Eventually(t, func() bool { // it waits in the middle of its change
		var killed int
		require.NoError(t, other.QueryRowContext(t.Context(), `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
			WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&killed))
		return killed > 0
	}, wait, tick)
	err = <-failed
	require.Equal(t, api.Unavailable, api.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "Nothing was changed")
	require.NoError(t, lock.Rollback())
	require.NoError(t, storetest.SetAdmin(t.Context(), s, "hash"))
}

func TestACommitWhoseAnswerIsLostIsNotKnown(t *testing.T) {
	c := pgtest.Database(t)
	s, other := open(t, c), plain(t, c)
	// A check at the commit ends the connection, before it is written down.
	_, err := other.ExecContext(t.Context(), `CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(10); RETURN NULL; END $$;
		CREATE CONSTRAINT TRIGGER die AFTER INSERT ON users DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION die()`)
	require.NoError(t, err)
	err = storetest.SetAdmin(t.Context(), s, "hash")
	require.Equal(t, api.Unavailable, api.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "not known whether")
	require.ErrorIs(t, err, allocator.ErrUnsure)
}

func TestTextThatCannotBeKeptIsRefused(t *testing.T) {
	s := open(t, pgtest.Database(t))
	for _, name := range []string{"a\x00b", "a\xffb"} {
		_, err := s.User(t.Context(), name)
		require.Equal(t, api.Invalid, api.CodeOf(err), "%v", err)
		require.Equal(t, api.Invalid, api.CodeOf(s.AddUser(t.Context(), allocator.User{Name: name, Role: allocator.Viewer}, allocator.Event{})))
	}
	require.NoError(t, storetest.SetAdmin(t.Context(), s, "hash"))
}

func TestAPasswordIsReadAgainWhenItIsRefused(t *testing.T) {
	pg := server(t)
	c := pg.Database(t)
	require.NoError(t, pg.RequirePassword(t.Context(), "second"))
	var asked []bool
	c.Login = func(_ context.Context, fresh bool) (string, string, error) {
		asked = append(asked, fresh)
		if fresh {
			return pgtest.User, "second", nil
		}
		return pgtest.User, "first", nil
	}
	l, err := postgres.OpenLeader(c)
	require.NoError(t, err)
	defer l.Close()
	require.True(t, l.Leads(t.Context()))
	require.Equal(t, []bool{false, true}, asked)

	c.Login = func(context.Context, bool) (string, string, error) { return "", "", errors.New("throttled") }
	_, err = postgres.Open(t.Context(), c)
	require.Equal(t, api.Unavailable, api.CodeOf(err), "%v", err)
	require.ErrorContains(t, err, "throttled")
}
