package allocator_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestOfTwoChangesAtOnceBothCount(t *testing.T) {
	w := newWorld(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2, Roster: []string{"ann@example.org"}})
	require.NoError(t, err)
	w.Through(&between{Store: w.Store, do: func() {
		_, err := w.ChangeWorkshop(t.Context(), "bob", ws.ID, api.WorkshopChange{Seats: new(4)})
		require.NoError(t, err)
	}})
	_, err = w.ChangeWorkshop(t.Context(), "ann", ws.ID, api.WorkshopChange{Spares: new(1)})
	require.NoError(t, err)
	got, err := w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, []int{4, 4, 1}, []int{got.Seats, got.Warm, got.Spares})
	roster, err := w.Store.Roster(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"ann@example.org"}, roster)
	require.True(t, got.Invited)
}

func TestAChangeThatNeverComesThroughIsAConflict(t *testing.T) {
	w := newWorld(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2})
	require.NoError(t, err)
	w.Through(&busy{w.Store})
	_, err = w.ChangeWorkshop(t.Context(), "ann", ws.ID, api.WorkshopChange{Spares: new(1)})
	require.Equal(t, api.Conflict, api.CodeOf(err))
}

// between is a store in which something happens, once, after a workshop was read to be
// changed.
type between struct {
	allocator.Store
	do func()
}

func (b *between) ChangeWorkshop(ctx context.Context, w allocator.Workshop, roster []string) error {
	if do := b.do; do != nil {
		b.do = nil
		do()
	}
	return b.Store.ChangeWorkshop(ctx, w, roster)
}

// busy is a store in which somebody else is always faster.
type busy struct{ allocator.Store }

func (b *busy) ChangeWorkshop(ctx context.Context, w allocator.Workshop, _ []string) error {
	if err := b.Store.ChangeWorkshop(ctx, w, nil); err != nil {
		return err
	}
	return b.Store.ChangeWorkshop(ctx, w, nil)
}
