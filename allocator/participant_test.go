package allocator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAParticipantClaimsComesBackAndLeaves(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	first, err := w.Claim(t.Context(), api.Claim{Code: " " + ws.JoinCode[:4] + "-" + ws.JoinCode[4:], Email: " Ann@Example.ORG "}, "")
	require.NoError(t, err)
	require.Equal(t, "ann@example.org", first.Seat.Email)
	require.Regexp(t, `^[0-9]{6}$`, first.PIN)

	same, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, first.Token)
	require.NoError(t, err)
	require.Equal(t, first.Seat, same.Seat)
	require.Equal(t, first.Token, same.Token)
	require.Equal(t, first.PIN, same.PIN, "its answer may have been lost")

	_, err = w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.Equal(t, api.Forbidden, api.CodeOf(err))
	elsewhere, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org", PIN: first.PIN}, "")
	require.NoError(t, err)
	require.Equal(t, first.Seat, elsewhere.Seat)
	require.NotEqual(t, first.Token, elsewhere.Token)
	require.Empty(t, elsewhere.PIN)

	require.NoError(t, w.Leave(t.Context(), elsewhere.Token))
	for _, token := range []string{first.Token, elsewhere.Token, ""} {
		_, err = w.SeatOf(t.Context(), token)
		require.Equal(t, api.NotFound, api.CodeOf(err))
	}
	require.Equal(t, api.NotFound, api.CodeOf(w.Leave(t.Context(), first.Token)))
}

func TestAClaimIsRefusedInWords(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	for want, c := range map[string]api.Claim{
		"not an e-mail address":     {Code: ws.JoinCode, Email: "ann"},
		"There is no such workshop": {Code: "nothing", Email: "ann@example.org"},
	} {
		_, err := w.Claim(t.Context(), c, "")
		require.ErrorContains(t, err, want)
	}
	_, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "Ann <ann@example.org>"}, "")
	require.Equal(t, api.Invalid, api.CodeOf(err))
	_, err = w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	_, err = w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.Equal(t, api.Conflict, api.CodeOf(err))
	require.ErrorContains(t, err, "has ended")
}

func TestAMachineThatDoesNotAnswerIsToldInWords(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	live := w.Look(t.Context(), c.Seat)
	require.False(t, live.Reachable)
	require.Contains(t, live.Detail, "ask your instructor")
}
