package allocator_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// late holds up what an allocator orders.
type late struct {
	allocator.Tunnels
	ordered, goOn chan struct{}
}

func (l late) StartSession(ctx context.Context, machine, session string, number int64) error {
	close(l.ordered)
	<-l.goOn
	return l.Tunnels.StartSession(ctx, machine, session, number)
}

// another is a second allocator on the same store, whose next order is late.
func another(t *testing.T, w *allocatortest.World) (*allocator.Service, late) {
	t.Helper()
	l := late{w.Agents, make(chan struct{}), make(chan struct{})}
	s := &allocator.Service{Store: w.Store, Tunnels: l, Queue: w, Log: slog.New(slog.DiscardHandler), Now: w.Now}
	t.Cleanup(s.Close)
	return s, l
}

func TestASessionThatAnotherAllocatorStartsLateTakesNobodysPlace(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	w.Agents.Connect(m)
	first, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	w.Settled()
	other, l := another(t, w)
	other.Settle(m.ID)
	<-l.ordered // for ann

	require.NoError(t, w.Leave(t.Context(), first.Token))
	second, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "bob@example.org"}, "")
	require.NoError(t, err)
	w.Settled()
	require.Equal(t, second.Seat.Session(), w.Agents.Session(m.ID))
	close(l.goOn)
	other.Settled()
	require.Equal(t, second.Seat.Session(), w.Agents.Session(m.ID))
}

func TestASessionThatAnotherAllocatorStartsLateIsRefusedThoughNobodyCameAfter(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	other, l := another(t, w)
	ann, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	w.Settled()
	w.Agents.Connect(m) // it has no session
	other.Settle(m.ID)
	<-l.ordered // for ann
	require.NoError(t, w.Leave(t.Context(), ann.Token))
	w.Settled()
	close(l.goOn)
	other.Settled()
	require.Empty(t, w.Agents.Session(m.ID), "ann has left")
}

func TestASessionIsNotEndedByAnAllocatorThatSawNobodyThere(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	w.Agents.Connect(m)
	require.NoError(t, w.Agents.StartSession(t.Context(), m.ID, "an old one", 0))
	other, l := another(t, w)
	other.Tunnels = lateStatus{l}
	other.Settle(m.ID)
	<-l.ordered // nobody holds the machine

	claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	w.Settled()
	require.Equal(t, claimed.Seat.Session(), w.Agents.Session(m.ID))
	close(l.goOn)
	other.Settled()
	require.Equal(t, claimed.Seat.Session(), w.Agents.Session(m.ID))
}

// lateStatus holds up what an allocator asks, and nothing else.
type lateStatus struct{ late }

func (l lateStatus) Status(ctx context.Context, machine string) (api.Status, error) {
	close(l.ordered)
	<-l.goOn
	return l.Tunnels.Status(ctx, machine)
}
