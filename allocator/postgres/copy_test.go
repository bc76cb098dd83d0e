package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
)

func TestACopyHasWhatThereIsAndGoesItsOwnWay(t *testing.T) {
	c, now := pgtest.Database(t), time.Now()
	s := open(t, c)
	ws, machines := storetest.Ready(t, s, 3)
	require.NoError(t, storetest.SetAdmin(t.Context(), s, "a hash"))
	_, err := plain(t, c).ExecContext(t.Context(), "ALTER TABLE machines ADD COLUMN of_a_newer_release TEXT NOT NULL DEFAULT ''")
	require.NoError(t, err)

	to, err := postgres.MakeCopy(t.Context(), c, now)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, postgres.Drop(context.Background(), c, to.Name)) })
	other := open(t, to)
	require.NoError(t, postgres.Fill(t.Context(), c, to))
	copied, err := other.Machines(t.Context(), ws.ID, true)
	require.NoError(t, err)
	require.Equal(t, machines, copied)
	hash, err := storetest.AdminHash(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, "a hash", hash)

	// What the copy numbers goes on behind what was copied.
	require.NoError(t, other.Move(t.Context(), machines[0].ID, allocator.Ready, allocator.Unhealthy, "in the copy", now))
	for store, want := range map[allocator.Store]allocator.MachineState{s: allocator.Ready, other: allocator.Unhealthy} {
		m, err := store.Machine(t.Context(), machines[0].ID)
		require.NoError(t, err)
		require.Equal(t, want, m.State)
	}
	before, err := s.Timeline(t.Context(), machines[0].ID)
	require.NoError(t, err)
	after, err := other.Timeline(t.Context(), machines[0].ID)
	require.NoError(t, err)
	require.Equal(t, before, after[:len(before)])
	require.Equal(t, "in the copy", after[len(before)].Reason)
}

func TestACopyThatWasLeftBehindGoesWithTheNext(t *testing.T) {
	c, now := pgtest.Database(t), time.Now()
	left, err := postgres.MakeCopy(t.Context(), c, now.Add(-2*time.Hour))
	require.NoError(t, err)
	used, err := postgres.MakeCopy(t.Context(), c, now.Add(-time.Minute))
	require.NoError(t, err)
	next, err := postgres.MakeCopy(t.Context(), c, now)
	require.NoError(t, err)
	there := func(name string) (n int) {
		require.NoError(t, plain(t, c).QueryRowContext(t.Context(), "SELECT count(*) FROM pg_database WHERE datname = $1", name).Scan(&n))
		return n
	}
	require.Equal(t, []int{0, 1, 1}, []int{there(left.Name), there(used.Name), there(next.Name)})
	for _, name := range []string{used.Name, next.Name} {
		require.NoError(t, postgres.Drop(t.Context(), c, name))
		require.Zero(t, there(name))
	}
	require.ErrorContains(t, postgres.Drop(t.Context(), c, c.Name), "is no copy, and is not removed")
}
