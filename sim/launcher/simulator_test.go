package launcher

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/control"
)

const (
	waitFor = time.Minute
	tick    = 5 * time.Millisecond
)

// answering is a simulator at the workspace's ports that says it is in a folder.
func answering(t *testing.T, w *Workspace, dir string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(rw).Encode(control.State{PID: os.Getpid(), Dir: dir, Doors: []control.Door{{Listen: w.Door}}})
	}))
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	require.NoError(t, err)
	write(t, w.own("ports.json"), `{"api":`+at.Port()+`,"provider":1}`, 0o644)
}

func TestASimulatorOfAnotherFolderIsNotTakenForThisOne(t *testing.T) {
	w, _ := newWorkspace(t)
	_, ok := w.Running(t.Context())
	require.False(t, ok, "no ports are known")
	answering(t, w, "/elsewhere")
	_, ok = w.Running(t.Context())
	require.False(t, ok)
	answering(t, w, w.simDir())
	s, ok := w.Running(t.Context())
	require.True(t, ok)
	require.Equal(t, os.Getpid(), s.PID)
	require.NoError(t, w.checkDoor(t.Context()), "a door that is open already is ours")
}

func TestOnlyThisWorkspacesProcessesAreEnded(t *testing.T) {
	w, _ := newWorkspace(t)
	begin := func(mark string) (*exec.Cmd, <-chan error) {
		cmd := exec.Command("sleep", "1000")
		cmd.Env = append(os.Environ(), control.Mark+"="+mark)
		require.NoError(t, cmd.Start())
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		return cmd, ended
	}
	_, ours := begin(w.simDir())
	others, theirs := begin(w.simDir() + "2")
	w.endLeftovers()
	require.EqualError(t, <-ours, "signal: killed")
	select {
	case err := <-theirs:
		t.Fatalf("a process of another workspace ended: %v", err)
	default:
	}
	require.NoError(t, others.Process.Kill())
	<-theirs
}

func TestDownInAFolderWithoutADeploymentSaysSo(t *testing.T) {
	w, said := newWorkspace(t)
	write(t, w.own("sim.log"), "", 0o644)
	write(t, w.path("engine", "pulumi"), "", 0o755)
	require.NoError(t, w.Down(t.Context(), false))
	require.Contains(t, said.String(), "Nothing is deployed here any more.")
	require.NoFileExists(t, w.own("sim.log"))
	require.FileExists(t, w.path("engine", "pulumi"), "what took long to build stays")
}

func TestWhatCannotBeDestroyedCanBeThrownAway(t *testing.T) {
	w, _ := newWorkspace(t)
	write(t, w.own("state", ".pulumi", "stacks", "lablink", "local.json"), "not a state", 0o644)
	require.Error(t, w.Down(t.Context(), false))
	require.NoError(t, w.Down(t.Context(), true))
	require.NoDirExists(t, w.own("state"))
}
