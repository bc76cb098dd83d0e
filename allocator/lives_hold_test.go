package allocator_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// holds looks whether what must never be is not.
func (l *life) holds(r require.TestingT) {
	storetest.CheckPaid(r, l.Store, l.living(r))
	for ws := range l.ever {
		l.changes.Check(r, l.Store, ws)
	}
	machines, instances := map[string]allocator.Machine{}, map[string]string{}
	for _, m := range l.living(r) {
		machines[m.ID] = m
		require.NotEmpty(r, m.Reason, "%s is %s without a reason", m.ID, m.State)
		require.Equal(r, m.State == allocator.Assigned, m.SeatID != "", "%s is %s and has the seat %q", m.ID, m.State, m.SeatID)
		if m.InstanceID != "" {
			require.Empty(r, instances[m.InstanceID], "%s is the instance of two machines", m.InstanceID)
			instances[m.InstanceID] = m.ID
		}
		storetest.CheckTimeline(r, l.Store, m)
		logged, err := l.Store.Logs(context.Background(), m.ID, 0, l.logged[m.ID])
		require.NoError(r, err)
		require.Len(r, logged, l.logged[m.ID], "what %s logged is kept", m.ID)
	}
	for _, ws := range l.known(r) {
		seats, err := l.Store.Seats(context.Background(), ws.ID)
		require.NoError(r, err)
		people, holders, waiting := map[string]bool{}, map[string]string{}, 0
		for _, s := range seats {
			require.False(r, people[s.Email], "%s has two seats of %s", s.Email, ws.ID)
			people[s.Email] = true
			if s.State == allocator.SeatQueued {
				waiting++
				require.Equal(r, waiting, s.Position)
				continue
			}
			require.Empty(r, holders[s.MachineID], "%s is held twice", s.MachineID)
			holders[s.MachineID] = s.ID
			require.Equal(r, s.ID, machines[s.MachineID].SeatID, "the seat %s has %s", s.ID, s.MachineID)
		}
		require.LessOrEqual(r, len(holders), ws.Seats)
	}
}

// calm lets everything work as it should, and a minute go by.
func (l *life) calm(r require.TestingT) {
	ctx := context.Background()
	l.budget = allocator.Budget{}
	l.looks()
	l.wrong, l.EC2.Lost, l.EC2.Capacity, l.EC2.Err, l.EC2.Delay = 0, nil, nil, nil, 0
	l.EC2.TerminateError, l.EC2.Protected = nil, nil
	l.look(ctx)
	l.runAll(ctx)
	l.EC2.Finish()
	l.agents(ctx, r, func(allocator.Machine) api.Health { return api.Healthy })
	l.Settled()
	l.Time = l.Time.Add(time.Minute)
	l.holds(r)
}

// patience is how long, in minutes, the allocator may take to mend all by itself.
const patience = 90

// heals looks whether all workshops have the machines that they should, sooner or later
// and without anybody's help.
func (l *life) heals(r require.TestingT) {
	var lacks string
	for range patience {
		l.calm(r)
		if lacks = l.lacks(r); lacks == "" {
			return
		}
	}
	ctx := context.Background()
	l.outer.Logf("after %d minutes: %s; %v", patience, lacks, []error{l.Observe(ctx), l.Reconcile(ctx), l.Resume(ctx)}) // also where it cannot be reproduced
	require.Empty(r, lacks)
}

// lacks says what a workshop lacks, or "".
func (l *life) lacks(r require.TestingT) string {
	for _, ws := range l.known(r) {
		if ws.StartsAt.After(l.Time) { // it was opened by a clock that was ahead
			continue
		}
		machines, err := l.Store.Machines(context.Background(), ws.ID, false)
		require.NoError(r, err)
		seats, err := l.Store.Seats(context.Background(), ws.ID)
		require.NoError(r, err)
		well := len(slices.DeleteFunc(slices.Clone(machines), func(m allocator.Machine) bool {
			return m.State != allocator.Ready && m.State != allocator.Assigned
		}))
		if wanted := ws.Wanted(l.Time, len(seats)); well < wanted {
			unfinished, err := l.Store.Unfinished(context.Background())
			require.NoError(r, err)
			return fmt.Sprintf("%s has %d machines of %d: %+v\nmachines: %+v\noperations: %+v, queued: %v", ws.ID, well, wanted, ws, l.living(r), unfinished, l.Queued)
		}
		if i := slices.IndexFunc(seats, func(s allocator.Seat) bool { return s.State == allocator.SeatQueued }); i >= 0 && len(seats) <= ws.Seats {
			return fmt.Sprintf("%s waits though there are seats: %+v", seats[i].Email, ws)
		}
	}
	return ""
}

// clear ends all workshops. Nothing is left that costs.
func (l *life) clear(r require.TestingT) {
	for _, ws := range l.known(r) {
		_, err := l.EndWorkshop(context.Background(), "admin", ws.ID)
		require.NoError(r, err)
	}
	var left string
	for range patience {
		if left = l.left(r); left == "" {
			l.tokens = map[string]string{}
			return
		}
		l.calm(r)
	}
	l.outer.Logf("after %d minutes: %s", patience, left)
	require.Empty(r, left)
}

// left says what is left of workshops that have ended, or "".
func (l *life) left(r require.TestingT) string {
	unfinished, err := l.Store.Unfinished(context.Background())
	require.NoError(r, err)
	seats, err := l.Store.LiveSeats(context.Background())
	require.NoError(r, err)
	machines := l.living(r)
	if l.EC2.Alive()+len(unfinished)+len(seats)+len(machines) == 0 {
		return ""
	}
	return fmt.Sprintf("%d instances run; operations %v, seats %v, machines %+v", l.EC2.Alive(), unfinished, seats, machines)
}
