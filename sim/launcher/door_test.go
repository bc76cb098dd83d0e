package launcher

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/control"
)

func TestAShellWithoutTheVariableMeansThePortThatMakeUpOpened(t *testing.T) {
	t.Setenv("LABLINK_PORT", "8090")
	w, said := newWorkspace(t)
	var asked control.Door
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&asked)
	}))
	t.Cleanup(server.Close)
	write(t, w.own("lock"), "", 0o644)
	require.NoError(t, w.openDoor(t.Context(), &control.Client{URL: server.URL, HTTP: http.DefaultClient}, "203.0.113.1"))
	require.Equal(t, control.Door{Listen: "127.0.0.1:8090", Address: "203.0.113.1", Port: 80}, asked)

	t.Setenv("LABLINK_PORT", "")
	again, err := Find(w.Root, said)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8090", again.Door)
	t.Setenv("LABLINK_PORT", "8091")
	other, err := Find(w.Root, said)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8091", other.Door, "who says one gets it")

	require.NoError(t, w.sweep())
	t.Setenv("LABLINK_PORT", "")
	after, err := Find(w.Root, said)
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8080", after.Door, "make down has closed it")
}

func TestTheEnvironmentNamesNoPageThatSomebodyElseMayHave(t *testing.T) {
	w, said := newWorkspace(t)
	onPath(t, map[string]string{"pulumi": "echo v3.258.0", "pulumi-language-go": ""})
	answering(t, w, w.simDir())
	open := w.Door // also where the workspace means another one later
	require.NoError(t, w.Env(t.Context()))
	require.Contains(t, said.String(), "export LABLINK_URL='http://"+open+"'\n")
	said.Reset()
	state, _ := w.Running(t.Context())
	w.Door = "127.0.0.1:8099"
	require.Empty(t, w.page(state), "make up opened another one")
	state.Doors = nil
	w.Door = open
	require.Empty(t, w.page(state), "none is open")
}
