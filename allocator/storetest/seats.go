package storetest

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func seatIsHeldOnce(t *testing.T, w *world) {
	ws, _ := w.ready(t, 2)
	ann, err := w.claim(ws.ID, "ann@example.org")
	require.NoError(t, err)
	require.Equal(t, allocator.SeatAssigned, ann.State)
	require.Equal(t, "Pose", ann.Workshop)
	bob, err := w.claim(ws.ID, "bob@example.org")
	require.NoError(t, err)
	require.NotEqual(t, ann.MachineID, bob.MachineID)
	cleo, err := w.claim(ws.ID, "cleo@example.org")
	require.NoError(t, err)
	require.Equal(t, []any{allocator.SeatQueued, 1, ""}, []any{cleo.State, cleo.Position, cleo.MachineID})
	m, err := w.Machine(t.Context(), ann.MachineID)
	require.NoError(t, err)
	require.Equal(t, allocator.Assigned, m.State)
	require.Equal(t, "ann@example.org", m.Email)
	require.Equal(t, ann.ID, m.SeatID)

	other, _ := w.ready(t, 1)
	_, err = w.claim(other.ID, "ann@example.org")
	require.NoError(t, err, "one seat in each workshop")
}

func participantComesBack(t *testing.T, w *world) {
	ws, _ := w.ready(t, 2)
	first, err := w.Claim(t.Context(), w.request(ws.ID, "ann@example.org", "laptop"))
	require.NoError(t, err)
	again, err := w.Claim(t.Context(), w.request(ws.ID, "ann@example.org", "laptop"))
	require.NoError(t, err)
	require.Equal(t, first, again)

	elsewhere := w.request(ws.ID, "ann@example.org", "phone")
	_, err = w.Claim(t.Context(), elsewhere)
	requireCode(t, api.Forbidden, err)
	_, err = w.SeatByToken(t.Context(), elsewhere.Token)
	requireCode(t, api.NotFound, err)
	elsewhere.GivenPIN = allocator.SecretSum("pin of ann@example.org")
	again, err = w.Claim(t.Context(), elsewhere)
	require.NoError(t, err)
	require.Equal(t, first, again)
	for _, token := range []string{"laptop", "phone"} {
		got, err := w.SeatByToken(t.Context(), allocator.SecretSum(token))
		require.NoError(t, err)
		require.Equal(t, first, got)
	}
}

func browserHoldsOneSeatOfAWorkshop(t *testing.T, w *world) {
	ws, _ := w.ready(t, 2)
	other, _ := w.ready(t, 1)
	mistyped := w.request(ws.ID, "ann@exmaple.org", "laptop")
	seat, err := w.Claim(t.Context(), mistyped)
	require.NoError(t, err)
	_, err = w.Claim(t.Context(), w.request(ws.ID, "ann@example.org", "laptop"))
	requireCode(t, api.Conflict, err)
	require.ErrorContains(t, err, "ann@exmaple.org")

	afternoon, err := w.Claim(t.Context(), w.request(other.ID, "ann@example.org", "laptop"))
	require.NoError(t, err)
	require.NotEqual(t, seat.ID, afternoon.ID, "a seat of another workshop is another seat")
	now, err := w.SeatByToken(t.Context(), mistyped.Token)
	require.NoError(t, err)
	require.Equal(t, afternoon, now, "the one that was used last")
	w.tick()
	again, err := w.Claim(t.Context(), w.request(ws.ID, "ann@exmaple.org", "laptop"))
	require.NoError(t, err, "the browser is known there still")
	require.Equal(t, seat, again)
	now, err = w.SeatByToken(t.Context(), mistyped.Token)
	require.NoError(t, err)
	require.Equal(t, seat, now)
}

func pinCannotBeGuessed(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	_, err := w.claim(ws.ID, "ann@example.org")
	require.NoError(t, err)
	guess := w.request(ws.ID, "ann@example.org", "somebody else")
	for i := range 5 {
		guess.GivenPIN = allocator.SecretSum(fmt.Sprint("guess ", i))
		_, err = w.Claim(t.Context(), guess)
		requireCode(t, api.Forbidden, err)
		require.ErrorContains(t, err, "wrong")
	}
	guess.GivenPIN = allocator.SecretSum("pin of ann@example.org")
	_, err = w.Claim(t.Context(), guess)
	requireCode(t, api.Forbidden, err)
	require.ErrorContains(t, err, "locked")

	elsewhere := w.request(ws.ID, "ann@example.org", "her phone")
	elsewhere.Source, elsewhere.GivenPIN = allocator.SecretSum("her network"), guess.GivenPIN
	_, err = w.Claim(t.Context(), elsewhere)
	require.NoError(t, err, "who guesses locks nobody out elsewhere")
	guess.GivenPIN = allocator.SecretSum("a guess")
	for i := range 100 - 5 { // from everywhere
		guess.Source = allocator.SecretSum(fmt.Sprint("network ", i))
		_, err = w.Claim(t.Context(), guess)
		require.ErrorContains(t, err, "wrong")
	}
	other := w.request(ws.ID, "ann@example.org", "her tablet")
	other.Source, other.GivenPIN = elsewhere.Source, elsewhere.GivenPIN
	_, err = w.Claim(t.Context(), other)
	require.ErrorContains(t, err, "locked", "it is guessed no further")
	elsewhere.GivenPIN = [32]byte{}
	_, err = w.Claim(t.Context(), elsewhere)
	require.NoError(t, err, "a browser that is known goes on")
}

func seatIsNamed(t *testing.T, w *world) {
	ws, _ := w.ready(t, 2)
	other, _ := w.ready(t, 1)
	laptop := w.request(ws.ID, "ann@example.org", "laptop")
	first, err := w.Claim(t.Context(), laptop)
	require.NoError(t, err)
	second, err := w.Claim(t.Context(), w.request(other.ID, "ann@example.org", "laptop"))
	require.NoError(t, err)
	for _, seat := range []allocator.Seat{first, second} {
		got, err := w.HeldSeat(t.Context(), laptop.Token, seat.ID)
		require.NoError(t, err)
		require.Equal(t, seat, got)
	}
	bob, err := w.claim(ws.ID, "bob@example.org")
	require.NoError(t, err)
	_, err = w.HeldSeat(t.Context(), laptop.Token, bob.ID)
	requireCode(t, api.NotFound, err)
	require.NoError(t, w.ReleaseSeat(t.Context(), first.ID, "she left", w.tick()))
	_, err = w.HeldSeat(t.Context(), laptop.Token, first.ID)
	requireCode(t, api.NotFound, err)
}

func seatIsLeft(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	r := w.request(ws.ID, "ann@example.org", "laptop")
	seat, err := w.Claim(t.Context(), r)
	require.NoError(t, err)
	require.NoError(t, w.ReleaseSeat(t.Context(), seat.ID, "its participant left", w.tick()))
	_, err = w.SeatByToken(t.Context(), r.Token)
	requireCode(t, api.NotFound, err)
	requireCode(t, api.NotFound, w.ReleaseSeat(t.Context(), seat.ID, "again", w.tick()))
	bob, err := w.claim(ws.ID, "bob@example.org")
	require.NoError(t, err)
	require.Equal(t, seat.MachineID, bob.MachineID)
	again, err := w.Claim(t.Context(), w.request(ws.ID, "ann@example.org", "laptop"))
	require.NoError(t, err)
	require.Equal(t, allocator.SeatQueued, again.State)
}

func claimsRace(t *testing.T, w *world) {
	const machines, people, tries = 20, 50, 2
	ws, _ := w.ready(t, machines)
	requests := make([]allocator.ClaimRequest, 0, people*tries)
	for p := range people {
		for range tries { // each person clicks twice, in two browsers
			requests = append(requests, w.request(ws.ID, fmt.Sprintf("p%d@example.org", p), w.id("token")))
		}
	}
	var all sync.WaitGroup
	errs := make([]error, len(requests))
	for i, r := range requests {
		all.Go(func() { _, errs[i] = w.Claim(t.Context(), r) })
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			require.Equal(t, api.Forbidden, api.CodeOf(err), "%v", err) // the other browser was faster
		}
	}
	w.checkInvariants(t, ws.ID)
	held := map[string]bool{}
	for _, m := range w.machines(t, ws.ID) {
		require.Equal(t, allocator.Assigned, m.State)
		held[m.Email] = true
	}
	require.Len(t, held, machines, "as many people as machines hold one")
}

func seatHistoryIsKept(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	hers := w.request(ws.ID, "ann@example.org", "her laptop")
	ann, err := w.Claim(t.Context(), hers)
	require.NoError(t, err)
	bob, err := w.claim(ws.ID, "bob@example.org")
	require.NoError(t, err)
	at := w.tick()
	require.NoError(t, w.ReleaseSeat(t.Context(), ann.ID, "she left", at))
	all, err := w.SeatHistory(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, []any{ann.ID, allocator.SeatReleased, "she left", "gpu", ann.MachineID}, []any{all[0].ID, all[0].State, all[0].ReleasedBecause, all[0].Pool, all[0].MachineID})
	require.True(t, all[0].ReleasedAt.Equal(at))
	require.Equal(t, at.Sub(all[0].AssignedAt), all[0].Held(w.tick()))
	require.Equal(t, []any{bob.ID, allocator.SeatAssigned, ann.MachineID}, []any{all[1].ID, all[1].State, all[1].MachineID})
	require.Equal(t, w.now.Sub(at), all[1].Held(w.now), "until now")
	require.Zero(t, all[1].PIN, "secrets stay")

	former, err := w.FormerSeat(t.Context(), hers.Token)
	require.NoError(t, err)
	require.Equal(t, all[0], former)
	_, err = w.FormerSeat(t.Context(), w.request(ws.ID, "bob@example.org", "nobody's").Token)
	requireCode(t, api.NotFound, err)
	again, err := w.Claim(t.Context(), w.request(ws.ID, "ann@example.org", "her laptop"))
	require.NoError(t, err)
	_, err = w.FormerSeat(t.Context(), hers.Token)
	require.NoError(t, err, "also where there is another one")
	require.NoError(t, w.ReleaseSeat(t.Context(), again.ID, "she left again", w.tick()))
	former, err = w.FormerSeat(t.Context(), hers.Token)
	require.NoError(t, err)
	require.Equal(t, []any{again.ID, "she left again"}, []any{former.ID, former.ReleasedBecause}, "the newest")
}
