package storetest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// expected are the refusals that a random step may meet.
var expected = []api.Code{"", api.Capacity, api.Forbidden, api.Conflict, api.NotFound}

// randomHistories runs histories of everything that can happen, in any order,
// and looks after each step whether what must never be is not.
func randomHistories(t *testing.T, w *world) {
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		var workshops []allocator.Workshop
		var attempts []allocator.Attempt
		touched := "" // the workshop of the last step
		check := func(err error) {
			require.Contains(t, expected, api.CodeOf(err), "%v", err)
			if api.CodeOf(err) == "" {
				require.NoError(t, err)
			}
		}
		workshop := func() allocator.Workshop {
			if len(workshops) == 0 {
				ws, _ := w.open(t, 2)
				workshops = append(workshops, ws)
			}
			ws := rapid.SampledFrom(workshops).Draw(t, "workshop")
			touched = ws.ID
			return ws
		}
		machine := func() allocator.Machine {
			return rapid.SampledFrom(w.machines(t, workshop().ID)).Draw(t, "machine")
		}
		t.Repeat(map[string]func(*rapid.T){
			"open": func(t *rapid.T) {
				w.collect = rapid.SampledFrom([][]string{nil, {"*"}}).Draw(t, "collect")
				ws, _ := w.open(t, rapid.IntRange(1, 4).Draw(t, "seats"))
				workshops = append(workshops, ws)
			},
			"begin": func(t *rapid.T) {
				all, err := w.Operations(ctx, workshop().ID, 50)
				require.NoError(t, err)
				for _, op := range all {
					if a, ok, err := w.BeginAttempt(ctx, op.ID, w.tick()); ok {
						require.NoError(t, err)
						attempts = append(attempts, a)
					}
				}
			},
			"end attempt": func(t *rapid.T) {
				if len(attempts) == 0 {
					return
				}
				a := attempts[len(attempts)-1]
				attempts = attempts[:len(attempts)-1]
				if again, ok, err := w.BeginAttempt(ctx, a.Operation, w.tick()); err == nil && ok && again == a {
					check(w.EndAttempt(ctx, a, w.instances(rapid.IntRange(0, a.Count).Draw(t, "launched")), w.tick()))
				}
			},
			"register": func(t *rapid.T) {
				if m := machine(); m.InstanceID != "" {
					_, err := w.RegisterAgent(ctx, m.InstanceID, allocator.Agent{ID: w.id("agt"), Secret: allocator.SecretSum(rapid.SampledFrom([]string{"one", "two"}).Draw(t, "secret"))}, api.Inventory{}, w.tick())
					check(err)
				}
			},
			"health": func(t *rapid.T) {
				h := rapid.SampledFrom([]api.Health{api.Healthy, api.Healthy, api.Degraded, api.Unhealthy}).Draw(t, "health")
				if m := machine(); m.AgentID != "" {
					if rapid.Bool().Draw(t, "another boot") {
						check(w.KeepHeard(ctx, m.ID, w.id("boot"), w.now, w.tick()))
					}
					check(w.SetHealth(ctx, m.ID, h, "because", w.tick()))
				}
			},
			"claim": func(t *rapid.T) {
				email := fmt.Sprintf("p%d@example.org", rapid.IntRange(0, 5).Draw(t, "person"))
				_, err := w.claim(workshop().ID, email)
				check(err)
			},
			"leave": func(t *rapid.T) {
				seats, err := w.Seats(ctx, workshop().ID)
				require.NoError(t, err)
				if len(seats) > 0 {
					check(w.ReleaseSeat(ctx, rapid.SampledFrom(seats).Draw(t, "seat").ID, "left", w.tick()))
				}
			},
			"more machines": func(t *rapid.T) {
				ws := workshop()
				has, err := w.Machines(ctx, ws.ID, false)
				require.NoError(t, err)
				op := allocator.Operation{ID: w.id("op"), Kind: allocator.Launch, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
				m := allocator.Machine{ID: w.id("mch"), WorkshopID: ws.ID, Pool: "gpu", State: allocator.Requested, Reason: "asked for", CreatedAt: w.now, ChangedAt: w.now}
				check(w.AddMachines(ctx, []allocator.Machine{m}, op, len(has)+rapid.IntRange(0, 1).Draw(t, "wrong by"), 1000))
			},
			"give": func(*rapid.T) { check(w.GiveSeats(ctx, workshop().ID, w.tick())) },
			"move": func(t *rapid.T) {
				to := rapid.SampledFrom([]allocator.MachineState{allocator.Terminated, allocator.Unhealthy, allocator.Terminating, allocator.Rebooting}).Draw(t, "to")
				from := rapid.SampledFrom(allocator.MachineStates()).Draw(t, "from")
				m := machine()
				err := w.Move(ctx, m.ID, from, to, "something happened", w.tick())
				check(err)
				require.True(t, err != nil || m.State == from, "machine %s was moved from %s and was %s", m.ID, from, m.State)
			},
			"terminate": func(*rapid.T) {
				m := machine()
				op := allocator.Operation{ID: w.id("op"), Kind: allocator.Terminate, WorkshopID: m.WorkshopID, State: allocator.Queued, CreatedAt: w.tick()}
				check(w.TerminateMachine(ctx, m, op, "it was ended"))
			},
			"move seat": func(t *rapid.T) {
				seats, err := w.Seats(ctx, workshop().ID)
				require.NoError(t, err)
				if len(seats) > 0 {
					check(w.MoveSeat(ctx, rapid.SampledFrom(seats).Draw(t, "seat").ID, "moved", w.tick()))
				}
			},
			"leave machine": func(*rapid.T) { check(w.LeaveMachine(ctx, machine(), "it is old", w.tick())) },
			"drain": func(*rapid.T) {
				m := machine()
				op := allocator.Operation{ID: w.id("op"), Kind: allocator.Terminate, WorkshopID: m.WorkshopID, State: allocator.Queued, CreatedAt: w.tick()}
				all := []allocator.Ending{{Machine: m, Why: "it is replaced"}}
				if other := machine(); other.WorkshopID == m.WorkshopID && other.ID != m.ID {
					all = append(all, allocator.Ending{Machine: other, Why: "so is another one"})
				}
				_, err := w.DrainMachines(ctx, op, all)
				check(err)
			},
			"collect": func(*rapid.T) {
				op := allocator.Operation{ID: w.id("op"), Kind: allocator.Collect, WorkshopID: workshop().ID, State: allocator.Queued, CreatedAt: w.tick()}
				check(w.CollectWork(ctx, op, w.now.Add(allocator.CollectLimit)))
			},
			"collected": func(t *rapid.T) {
				all, err := w.Operations(ctx, workshop().ID, 50)
				require.NoError(t, err)
				for _, op := range all {
					if op.Kind == allocator.Collect && !op.State.Finished() && rapid.Bool().Draw(t, "handed over") {
						machines, err := w.OperationMachines(ctx, op.ID)
						require.NoError(t, err)
						for _, m := range machines {
							check(w.Collected(ctx, op.ID, m.ID, "all is kept", w.tick()))
						}
					}
				}
			},
			"reboot": func(*rapid.T) {
				m := machine()
				op := allocator.Operation{ID: w.id("op"), Kind: allocator.Reboot, WorkshopID: m.WorkshopID, State: allocator.Queued, CreatedAt: w.tick()}
				check(w.RebootMachine(ctx, m, op, "a reboot may help"))
				check(w.KeepRebootAsked(ctx, m.ID, "EC2", w.tick()))
			},
			"end workshop": func(t *rapid.T) {
				if rapid.IntRange(0, 4).Draw(t, "end") == 0 {
					op := allocator.Operation{ID: w.id("op"), Kind: allocator.Terminate, State: allocator.Queued, CreatedAt: w.tick()}
					ws := workshop()
					op.WorkshopID = ws.ID
					check(w.EndWorkshop(ctx, ws.ID, op, "over"))
				}
			},
			"": func(t *rapid.T) {
				if touched != "" {
					w.checkInvariants(t, touched)
				}
			},
		})
		for _, ws := range workshops {
			w.checkInvariants(t, ws.ID)
		}
	})
}

// checkInvariants looks whether what must never be in a workshop is not.
func (w *world) checkInvariants(t require.TestingT, workshop string) {
	holders := map[string]string{} // e-mail → machine
	for _, m := range w.machines(t, workshop) {
		require.Equal(t, m.State == allocator.Assigned, m.SeatID != "", "machine %s is %s and has the seat %q", m.ID, m.State, m.SeatID)
		require.NotEmpty(t, m.Reason, "machine %s is %s without a reason", m.ID, m.State)
		if m.SeatID != "" {
			require.Empty(t, holders[m.Email], "%s holds two machines", m.Email)
			holders[m.Email] = m.ID
		}
		if m.State == allocator.Ready || m.State == allocator.Assigned {
			require.True(t, m.Own() || m.InstanceID != "", "machine %s is %s without an instance", m.ID, m.State)
			require.NotEqual(t, api.Health(""), m.Health, "machine %s was never reported to be well", m.ID)
		}
		CheckTimeline(t, w, m)
	}
	CheckPaid(t, w, w.machines(t, workshop))
	w.changes.Check(t, w, workshop)
	w.checkNumbers(t, workshop)
	w.checkSeats(t, workshop)
	operations, err := w.Operations(context.Background(), workshop, 10_000)
	require.NoError(t, err)
	for _, o := range operations {
		if o.State.Finished() {
			require.Equal(t, o.Total, o.Done+o.Failed, "operation %+v is finished and waits for machines", o)
		}
	}
}

// checkSeats looks whether the seats of a workshop are as they must be: nobody waits
// while a seat and a machine are to be had, and the queue is in order.
func (w *world) checkSeats(t require.TestingT, workshop string) {
	ws, err := w.Workshop(context.Background(), workshop)
	require.NoError(t, err)
	seats, err := w.Seats(context.Background(), workshop)
	require.NoError(t, err)
	live, err := w.LiveSeats(context.Background())
	require.NoError(t, err)
	require.Len(t, seats, live[workshop])
	if ws.State == allocator.Ended {
		require.Empty(t, seats)
	}
	assigned, queued, ready, people := 0, 0, 0, map[string]bool{}
	for _, s := range seats {
		require.False(t, people[s.Email], "%s has two seats", s.Email)
		people[s.Email] = true
		if s.State == allocator.SeatAssigned {
			assigned++
			m, err := w.Machine(context.Background(), s.MachineID)
			require.NoError(t, err)
			require.Equal(t, s.ID, m.SeatID)
			continue
		}
		queued++
		require.Equal(t, queued, s.Position, "%+v", seats)
	}
	for _, m := range w.machines(t, workshop) {
		if m.State == allocator.Ready && m.Leaving == "" {
			ready++
		}
	}
	require.LessOrEqual(t, assigned, ws.Seats)
	require.Zero(t, min(queued, ready, ws.Seats-assigned), "%d wait, %d machines are ready, and %d of %d seats are taken", queued, ready, assigned, ws.Seats)
}

// checkNumbers looks whether the number of each machine rose where it has another state,
// or another hold, than when it was looked at last.
func (w *world) checkNumbers(t require.TestingT, workshop string) {
	if w.seen == nil {
		w.seen = map[string]allocator.Machine{}
	}
	for _, m := range w.machines(t, workshop) {
		before, known := w.seen[m.ID]
		w.seen[m.ID] = m
		switch {
		case !known:
		case m.State != before.State || m.Session() != before.Session():
			require.Greater(t, m.Number, before.Number, "machine %s is %s after %s", m.ID, m.State, before.State)
		default:
			require.GreaterOrEqual(t, m.Number, before.Number)
		}
	}
}

// CheckTimeline looks whether each change of a machine follows from the one before it.
func CheckTimeline(t require.TestingT, s allocator.Store, m allocator.Machine) {
	timeline, err := s.Timeline(context.Background(), m.ID)
	require.NoError(t, err)
	state := allocator.MachineState("")
	for _, c := range timeline {
		require.Equal(t, state, c.From, "machine %s: %+v", m.ID, timeline)
		require.True(t, c.From == "" || c.From == c.To || c.From.CanBecome(c.To), "machine %s went from %s to %s", m.ID, c.From, c.To)
		require.NotEmpty(t, c.Reason)
		state = c.To
	}
	require.Equal(t, m.State, state)
}
