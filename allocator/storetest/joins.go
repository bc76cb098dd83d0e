package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// joinToken is a token of a workshop, for some machines and an hour.
func (w *world) joinToken(t *testing.T, workshop string, uses int) allocator.JoinToken {
	t.Helper()
	id := w.id("jtk")
	token := allocator.JoinToken{
		ID: id, Name: "lab", WorkshopID: workshop, Sum: allocator.SecretSum(id), Uses: uses, By: "ann", CreatedAt: w.tick(), ExpiresAt: w.now.Add(time.Hour),
	}
	require.NoError(t, w.AddJoinToken(t.Context(), token, w.event("make join token", id)))
	return token
}

// joins lets a machine join, by the name of its secret.
func (w *world) joins(t *testing.T, token allocator.JoinToken, secret string) (allocator.Machine, error) {
	t.Helper()
	m := allocator.Machine{ID: w.id("mch"), Pool: allocator.OwnMachines, State: allocator.Booting, Reason: "it joined", CreatedAt: w.tick(), ChangedAt: w.now}
	return w.JoinMachine(t.Context(), token.Sum, m, allocator.Agent{ID: w.id("agt"), Secret: allocator.SecretSum(secret)}, api.Inventory{Note: secret}, w.now)
}

func machineJoins(t *testing.T, w *world) {
	ws := w.plain(t, 3)
	token := w.joinToken(t, ws.ID, 2)
	m, err := w.joins(t, token, "one")
	require.NoError(t, err)
	require.Equal(t, []any{ws.ID, token.ID, allocator.Booting, "one"}, []any{m.WorkshopID, m.JoinToken, m.State, m.Inventory.Note})
	again, err := w.joins(t, token, "one")
	require.NoError(t, err, "it may not have had the answer")
	require.Equal(t, m, again)
	a, err := w.Agent(t.Context(), m.AgentID)
	require.NoError(t, err)
	require.Equal(t, allocator.Agent{ID: m.AgentID, MachineID: m.ID, Secret: allocator.SecretSum("one")}, a)
	require.NoError(t, w.SetHealth(t.Context(), m.ID, api.Healthy, "", w.tick()))
	w.come(t, ws.ID, "ann@example.org")
	require.Equal(t, m.ID, w.seat(t, ws.ID, "ann@example.org").MachineID)

	_, err = w.joins(t, token, "two")
	require.NoError(t, err)
	_, err = w.joins(t, token, "three")
	requireCode(t, api.Forbidden, err)
	require.ErrorContains(t, err, "2 machines have joined")
	all, err := w.JoinTokens(t.Context(), ws.ID)
	require.NoError(t, err)
	token.Used = 2
	require.Equal(t, []allocator.JoinToken{token}, all)

	op := allocator.Operation{ID: "op_x", Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
	seen, err := w.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.NoError(t, w.TerminateMachine(t.Context(), seen, op, "it was ended"))
	require.NoError(t, w.move(t, m.ID, allocator.Terminated, "it was released", w.tick()))
	again, err = w.joins(t, token, "one")
	require.NoError(t, err, "it is told that it was released")
	require.Equal(t, allocator.Terminated, again.State)
	w.checkInvariants(t, ws.ID)
}

func joinTokenEnds(t *testing.T, w *world) {
	ws := w.plain(t, 3)
	revoked, old, good := w.joinToken(t, ws.ID, 1), w.joinToken(t, ws.ID, 1), w.joinToken(t, ws.ID, 1)
	at := w.tick()
	require.NoError(t, w.RevokeJoinToken(t.Context(), revoked.ID, at, w.event("revoke join token", revoked.ID)))
	requireCode(t, api.NotFound, w.RevokeJoinToken(t.Context(), revoked.ID, at, w.event("revoke join token", revoked.ID)))
	requireCode(t, api.NotFound, w.RevokeJoinToken(t.Context(), "jtk_unknown", at, w.event("revoke join token", "x")))
	_, err := w.joins(t, revoked, "one")
	require.ErrorContains(t, err, "revoked")
	got, err := w.JoinTokenBySum(t.Context(), revoked.Sum)
	require.NoError(t, err)
	require.Equal(t, at, got.RevokedAt)
	_, err = w.JoinTokenBySum(t.Context(), [32]byte{1})
	requireCode(t, api.NotFound, err)
	_, err = w.joins(t, allocator.JoinToken{Sum: [32]byte{1}}, "one")
	requireCode(t, api.Forbidden, err)
	now := w.now
	w.now = old.ExpiresAt
	_, err = w.joins(t, old, "one")
	require.ErrorContains(t, err, "it ended at")
	w.now = now
	end := allocator.Operation{ID: "op_end", Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
	require.NoError(t, w.EndWorkshop(t.Context(), ws.ID, end, "over"))
	_, err = w.joins(t, good, "one")
	requireCode(t, api.Conflict, err)
	requireCode(t, api.Conflict, w.AddJoinToken(t.Context(), good, w.event("make join token", "x")))
	good.WorkshopID = "wks_unknown"
	requireCode(t, api.NotFound, w.AddJoinToken(t.Context(), good, w.event("make join token", "x")))
}
