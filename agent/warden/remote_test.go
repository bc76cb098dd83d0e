package warden_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/process"
	"github.com/talmolab/lablink-infrastructure/agent/warden"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

const (
	remoteUnit = "lablink-remote.service"
	code       = "4/0AbCdEfGhIjKlMnOpQrStUvWxYz_0123456789"
)

var anns = agent.Connection{Session: "anns", Code: code, PIN: "012345", Name: "mch_1"}

// connects is what Google's program does: it leaves a file behind, and starts the host, for
// which it has no rights here, unless it is told not to. Then Google forgets the machine.
const connects = `mkdir -p ~/.config/chrome-remote-desktop
echo "$2" >"$HOME/.config/chrome-remote-desktop/host#1f.json"
[ "$1" = --no-start ] && exit 0
echo "sudo: a password is required"; echo "Failed to start host."; exit 1
`

// older is the program of a package that knows of no --no-start.
const older = "set -- \"\"\n" + connects

// newRemote is a warden of sessions by Chrome Remote Desktop, on a machine whose start-host
// writes down in a folder how it was called, and then does something.
func newRemote(t *testing.T, does string) (w *warden.Warden, m *machine, told string) {
	t.Helper()
	w, m = newWarden(t)
	told = t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Dir(host.Path(agent.StartHost)), 0o755))
	record := "#!/bin/sh\nfor a in \"$@\"; do printf '%s\\n' \"$a\"; done >>" + told + "/args\ncat >" + told + "/input\nenv >" + told + "/env\n"
	for _, program := range []string{agent.StartHost, agent.RemoteHost} {
		require.NoError(t, os.WriteFile(host.Path(program), []byte(record+does), 0o755))
	}
	w.Remote, w.Possible = process.Runner{Home: host.Path(warden.Home)}, warden.RemotePossible
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.Equal(t, slices.Concat(first, clearing, []string{"fence", "own lablink-home", "own lablink-home", "own lablink-session"}), next(m), "there is nothing to show yet")
	return w, m, told
}

func readAt(t *testing.T, parts ...string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(parts...))
	require.NoError(t, err)
	return string(raw)
}

func TestAMachineIsConnectedByAProgramThatNoShellStarts(t *testing.T) {
	w, m, told := newRemote(t, connects)
	require.NoError(t, w.Connect(t.Context(), anns))
	require.Equal(t, "--no-start\n--code="+code+"\n--redirect-url=https://remotedesktop.google.com/_/oauthredirect\n--name=mch_1\n", readAt(t, told, "args"))
	require.Equal(t, "012345\n012345\n", readAt(t, told, "input"))
	require.Contains(t, readAt(t, told, "env"), "HOME="+host.Path(warden.Home)+"\n")
	require.NotContains(t, readAt(t, told, "env"), "DISPLAY")
	require.Equal(t, []string{"stop " + remoteUnit, "start " + remoteUnit}, next(m), "a unit shows it, and no program of Google's starts it")

	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.Equal(t, []string{"fence", "own lablink-session", "start " + remoteUnit}, next(m), "as after a reboot")
	require.Equal(t, api.Conflict, api.CodeOf(w.Connect(t.Context(), anns)), "it is connected already")
	again := anns
	again.Again, again.PIN = true, "555555"
	require.NoError(t, w.Connect(t.Context(), again))
	require.Equal(t, "555555\n555555\n", readAt(t, told, "input"))

	require.NoError(t, w.End(t.Context(), "anns"))
	require.NoDirExists(t, host.Path(warden.Home), "what Google's program keeps goes with the home")
	require.Equal(t, clearing, next(m)[2:])
	err := w.Connect(t.Context(), anns)
	require.Equal(t, api.Conflict, api.CodeOf(err))
	require.ErrorContains(t, err, "The session ended meanwhile")
}

func TestAProgramThatFailsIsToldWithoutTheCode(t *testing.T) {
	w, m, _ := newRemote(t, `echo "OAuth error with $2 and 012345"; exit 1`)
	for range 2 {
		err := w.Connect(t.Context(), anns)
		require.Equal(t, api.Unavailable, api.CodeOf(err))
		require.ErrorContains(t, err, "bring another one")
		require.ErrorContains(t, err, `it ended with status 1; it said "OAuth error with --code=… and …"`)
		require.NotContains(t, next(m), "start "+remoteUnit)
	}
	w, _, _ = newRemote(t, `echo "POST code=4%2F${2#--code=4/}&x"; exit 1`)
	require.ErrorContains(t, w.Connect(t.Context(), anns), `it said "POST code=4%2F…&x"`)
	w, _, _ = newRemote(t, "exit 0")
	require.ErrorContains(t, w.Connect(t.Context(), anns), "it left nothing behind")
}

// A package that is too old takes the machine off Google's list as it cannot start it.
func TestAMachineThatGoogleForgotIsNotCalledConnected(t *testing.T) {
	w, m, _ := newRemote(t, older)
	err := w.Connect(t.Context(), anns)
	require.ErrorContains(t, err, `it said "Failed to start host."`)
	require.NoDirExists(t, host.Path(warden.Home+"/.config/chrome-remote-desktop"))
	require.NoError(t, w.Begin(t.Context(), "anns"))
	require.NotContains(t, next(m), "start "+remoteUnit)
	require.NoError(t, os.WriteFile(host.Path(agent.StartHost), []byte("#!/bin/sh\n"+connects), 0o755))
	require.NoError(t, w.Connect(t.Context(), anns), "another code connects it, and nothing has to be said beside it")
}

// fifo is where a program says that it runs.
func fifo(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "runs")
	require.NoError(t, syscall.Mkfifo(name, 0o600))
	return name
}

func TestASessionThatEndsMeanwhileEndsWhatConnectsIt(t *testing.T) {
	runs := fifo(t)
	w, m, _ := newRemote(t, "echo $$ >"+runs+"\nsleep 1000\n")
	connected := make(chan error, 1)
	go func() { connected <- w.Connect(t.Context(), anns) }()
	pid, err := strconv.Atoi(strings.TrimSpace(readAt(t, runs)))
	require.NoError(t, err)
	require.ErrorContains(t, w.Connect(t.Context(), anns), "being connected already", "a second code waits")
	require.NoError(t, w.End(t.Context(), "anns"))
	require.ErrorContains(t, <-connected, "The session ended meanwhile")
	require.ErrorIs(t, syscall.Kill(pid, 0), syscall.ESRCH)
	require.NotContains(t, next(m), "start "+remoteUnit)

	require.NoError(t, w.Begin(t.Context(), "bobs"))
	bobs := anns
	bobs.Session = "bobs"
	require.NoError(t, os.WriteFile(host.Path(agent.StartHost), []byte("#!/bin/sh\n"+connects), 0o755))
	require.NoError(t, w.Connect(t.Context(), bobs), "whoever comes next can connect")
}

func TestWhatIsNoCodeReachesNoProgram(t *testing.T) {
	w, _, told := newRemote(t, connects)
	for _, spoil := range []func(*agent.Connection){
		func(a *agent.Connection) { a.Code = "4/x;reboot" },
		func(a *agent.Connection) { a.Code = "" },
		func(a *agent.Connection) { a.Code = code + "\n--pin=1" },
		func(a *agent.Connection) { a.PIN = "1" },
		func(a *agent.Connection) { a.PIN = "012345\n" },
		func(a *agent.Connection) { a.Name = "--config=x" },
		func(a *agent.Connection) { a.Name = "" },
		func(a *agent.Connection) { a.Session = "" },
	} {
		in := anns
		spoil(&in)
		raw, err := json.Marshal(in)
		require.NoError(t, err)
		said := httptest.NewRecorder()
		w.Handler().ServeHTTP(said, httptest.NewRequest(http.MethodPost, warden.RemotePath, bytes.NewReader(raw)))
		require.Equal(t, http.StatusUnprocessableEntity, said.Code, said.Body)
		require.NotContains(t, said.Body.String(), "0AbCd")
	}
	require.NoFileExists(t, filepath.Join(told, "args"))
	said := httptest.NewRecorder()
	vnc, _ := newWarden(t)
	vnc.Handler().ServeHTTP(said, httptest.NewRequest(http.MethodPost, warden.RemotePath, nil))
	require.Equal(t, http.StatusNotFound, said.Code, "where sessions are by VNC nothing connects them")
}

func TestAMachineWithoutChromeRemoteDesktopSaysWhatToInstall(t *testing.T) {
	w, _, _ := newRemote(t, connects)
	require.NoError(t, os.Remove(host.Path(agent.StartHost)))
	require.ErrorContains(t, w.Begin(t.Context(), "bobs"), "chrome-remote-desktop/start-host): take an image that has Google's package")
}
