package control_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

func TestWhatGoesWrongIsSaidInTheSimulatorsWords(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut {
			http.Error(w, "there is no such fault", http.StatusConflict)
			return
		}
		_, _ = w.Write([]byte("<html>"))
	}))
	c := &control.Client{URL: server.URL, HTTP: server.Client()}
	require.EqualError(t, c.SetFaults(t.Context(), cloud.Faults{}), "the simulator refuses: there is no such fault")
	_, err := c.State(t.Context())
	require.ErrorContains(t, err, "read the simulator's answer")
	server.Close()
	require.ErrorContains(t, c.EndMachines(t.Context()), "ask the simulator")
}
