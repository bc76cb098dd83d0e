package system

import (
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// holds looks whether what must never be is not, and whether all is there that was
// acknowledged.
func (l *life) holds(t *testing.T) {
	t.Helper()
	workshops := every[api.Workshop](t, l.staff, "/api/v1/workshops?")
	open, scheduled := map[string]bool{}, map[string]string{}
	for _, w := range workshops {
		open[w.ID] = w.State == "open"
		if w.Schedule != "" {
			key := w.Schedule + " at " + w.StartsAt.String()
			require.Empty(t, scheduled[key], "%s was opened twice", key)
			scheduled[key] = w.ID
		}
	}
	l.kept.check(t, "workshop", open)
	l.seatsHold(t, workshops)
	l.kept.check(t, "schedule", ids(t, l.staff, "/api/v1/schedules", func(s api.Schedule) string { return s.ID }))
	l.kept.check(t, "join token", ids(t, l.staff, "/api/v1/join-tokens", func(j api.JoinToken) string { return j.ID }))
	operations := map[string]bool{}
	for _, w := range workshops { // of all together the newest are listed
		maps.Copy(operations, ids(t, l.staff, "/api/v1/operations?limit=200&workshop="+w.ID, func(o api.Operation) string { return o.ID }))
	}
	l.kept.check(t, "operation", operations)

	instances := map[string]string{}
	for _, m := range l.machines(t, l.staff) {
		require.NotEmpty(t, m.Reason)
		if m.Instance != "" {
			require.Empty(t, instances[m.Instance], "two machines have one instance")
			instances[m.Instance] = m.ID
		}
	}
}

// holding is a seat, and the machine that it has.
type holding struct{ workshop, email, state, machine string }

// seats are the seats of workshops, by their ids.
func (l *life) seats(t *testing.T, workshops []api.Workshop) map[string]holding {
	t.Helper()
	out := map[string]holding{}
	for _, w := range workshops {
		page := read[api.Page[api.Seat]](t, l.staff, "/api/v1/seats?workshop="+w.ID)
		require.True(t, w.State == "open" || len(page.Items) == 0, "a workshop that has ended has seats: %+v", page.Items)
		for _, s := range page.Items {
			out[s.ID] = holding{w.ID, s.Email, s.State, s.Machine}
		}
	}
	return out
}

// seatsHold looks at seats and their machines. What is the same before and after machines
// were read was so while they were.
func (l *life) seatsHold(t *testing.T, workshops []api.Workshop) {
	t.Helper()
	var seats map[string]holding
	machines := map[string]api.Machine{}
	eventually(t, "seats stay as they are for a moment", func() bool {
		seats = l.seats(t, workshops)
		clear(machines)
		for _, m := range l.machines(t, l.staff) {
			machines[m.ID] = m
		}
		return maps.Equal(seats, l.seats(t, workshops))
	})
	there, people, held, assigned := map[string]bool{}, map[[2]string]bool{}, map[string]bool{}, map[string]int{}
	for id, s := range seats {
		there[id] = true
		who := [2]string{s.workshop, s.email}
		require.False(t, people[who], "%s has two seats of %s", s.email, s.workshop)
		people[who] = true
		if s.state != "assigned" {
			continue
		}
		assigned[s.workshop]++
		require.False(t, held[s.machine], "%s is held twice", s.machine)
		held[s.machine] = true
		require.Equal(t, "assigned", machines[s.machine].State, "%s is held by %s: %+v", s.machine, s.email, machines[s.machine])
		require.Equal(t, id, machines[s.machine].Seat)
	}
	l.kept.check(t, "seat", there)
	for _, w := range workshops {
		require.LessOrEqual(t, assigned[w.ID], w.Seats)
	}
	for _, m := range machines {
		require.True(t, m.State != "assigned" || held[m.ID], "%s is assigned, and nobody holds it", m.ID)
	}
}
