package allocator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestPeopleAreInvitedAndTakenOffTheRosterOneByOne(t *testing.T) {
	w := newWorld(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2, Roster: []string{"ann@example.org"}})
	require.NoError(t, err)
	change := func(c api.WorkshopChange) []string {
		t.Helper()
		changed, err := w.ChangeWorkshop(t.Context(), "admin", ws.ID, c)
		require.NoError(t, err)
		roster, err := w.Store.Roster(t.Context(), ws.ID)
		require.NoError(t, err)
		require.Equal(t, len(roster) > 0, changed.Invited)
		return roster
	}
	require.ElementsMatch(t, []string{"ann@example.org", "zoe@example.org"}, change(api.WorkshopChange{Invite: []string{" Zoe@Example.org", "ann@example.org"}}))
	require.Equal(t, []string{"zoe@example.org"}, change(api.WorkshopChange{Uninvite: []string{"ann@example.org", "nobody@example.org"}}))

	_, err = w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{Uninvite: []string{"ZOE@example.org"}})
	require.ErrorContains(t, err, "Nobody would be invited any more")
	_, err = w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{Invite: []string{"zoe"}})
	require.Equal(t, api.Invalid, api.CodeOf(err))

	require.Empty(t, change(api.WorkshopChange{Roster: new([]string{})}))
	require.Equal(t, []string{"bob@example.org"}, change(api.WorkshopChange{Invite: []string{"bob@example.org"}}), "from now on for the invited alone")
}

func TestOfTwoWhoInviteAtOnceBothCount(t *testing.T) {
	w := newWorld(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2})
	require.NoError(t, err)
	w.Through(&between{Store: w.Store, do: func() {
		_, err := w.ChangeWorkshop(t.Context(), "bob", ws.ID, api.WorkshopChange{Invite: []string{"bob@example.org"}})
		require.NoError(t, err)
	}})
	_, err = w.ChangeWorkshop(t.Context(), "ann", ws.ID, api.WorkshopChange{Invite: []string{"ann@example.org"}})
	require.NoError(t, err)
	roster, err := w.Store.Roster(t.Context(), ws.ID)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"ann@example.org", "bob@example.org"}, roster)
}
