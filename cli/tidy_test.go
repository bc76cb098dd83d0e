package cli_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestASeatThatWasNeverClaimedIsNotGivenBack(t *testing.T) {
	c := open(t)
	w := c.ReadyWorkshop(t, 1)
	cut := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	c.instead = map[string]http.HandlerFunc{"GET /join/": cut, "DELETE /api/v1/seats/current": cut}
	out, err := c.verify(t.Context(), "--workshop", w.JoinCode, "--ending", "10ms")
	require.ErrorContains(t, err, "open the link of the workshop")
	require.NotContains(t, out, "leaving")

	delete(c.instead, "GET /join/")
	c.instead["POST /api/v1/seats"] = cut // which the allocator may have carried out
	_, err = c.verify(t.Context(), "--workshop", w.JoinCode, "--ending", "10ms")
	require.ErrorContains(t, err, "a seat of the workshop "+w.JoinCode+" may still be held by verify-")
}
