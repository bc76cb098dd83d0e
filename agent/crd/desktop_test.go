package crd_test

import (
	"encoding/json"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/crd"
	"github.com/talmolab/lablink-infrastructure/api"
)

const code = "4/0AbCdEfGhIjKlMnOpQrStUvWxYz_0123456789-abcdefghijklmnopq"

// command is as Google's page shows it.
const command = `DISPLAY= /opt/google/chrome-remote-desktop/start-host --code="` + code + `" --redirect-url="https://remotedesktop.google.com/_/oauthredirect" --name=$(hostname)`

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory keeps what it is given.
type memory map[string]string

func (m memory) Keep(name string, what any) error {
	raw, err := json.Marshal(what)
	m[name] = string(raw)
	return err
}

func (m memory) Recall(name string, into any) error {
	if m[name] == "" {
		return fs.ErrNotExist
	}
	return json.Unmarshal([]byte(m[name]), into)
}

// world is a machine's desktop with a warden that is asked.
type world struct {
	*crd.Desktop
	kept   memory
	asked  chan string       // what the warden was asked
	answer chan *api.Problem // what it says to that
	warden *httptest.Server
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{kept: memory{}, asked: make(chan string), answer: make(chan *api.Problem)}
	w.warden = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path != "/remote" {
			return
		}
		w.asked <- string(body)
		select {
		case p := <-w.answer:
			if p != nil {
				p.Answer(rw)
			}
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(w.warden.Close)
	w.begin()
	return w
}

// begin begins an agent, as after a restart.
func (w *world) begin() {
	w.Desktop = crd.New(api.Client{URL: w.warden.URL, HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}, w.kept)
}

// becomes waits for what the participant sees.
func (w *world) becomes(t *testing.T, state string) api.RemoteDesktop {
	t.Helper()
	require.Eventually(t, func() bool { return w.Status().State == state }, time.Minute, time.Millisecond)
	return w.Status()
}

var brought = api.StartRemote{Session: "anns", Command: command, Name: "mch_1"}

func TestAParticipantConnectsTheirMachineWithACode(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, api.Unavailable, api.CodeOf(w.Connect(brought)), "nobody has a session")
	require.NoError(t, w.Start(t.Context(), "anns"))
	require.Equal(t, api.RemoteDesktop{State: "waiting"}, w.Status())
	require.NoError(t, w.Connect(brought))
	require.Equal(t, api.RemoteDesktop{State: "starting", Name: "mch_1"}, w.Status())
	require.ErrorContains(t, w.Connect(brought), "being connected already", "it is sent twice")
	require.NoError(t, w.Start(t.Context(), "anns"))
	require.Equal(t, "starting", w.Status().State, "it was ordered again meanwhile: nobody is asked for another code")
	var asked agent.Connection
	require.NoError(t, json.Unmarshal([]byte(<-w.asked), &asked))
	require.NoError(t, asked.Check())
	require.Equal(t, agent.Connection{Session: "anns", Code: code, PIN: asked.PIN, Name: "mch_1", Again: true}, asked, "the warden may know of a connection that is forgotten here")
	w.answer <- nil
	ready := w.becomes(t, "ready")
	require.Equal(t, api.RemoteDesktop{State: "ready", PIN: asked.PIN, Name: "mch_1"}, ready)
	require.Equal(t, api.Conflict, api.CodeOf(w.Connect(brought)))
	require.NotContains(t, w.kept["remote"], code)

	w.begin()
	require.NoError(t, w.Start(t.Context(), "anns"))
	require.Equal(t, ready, w.Status(), "the agent started again")
	again := brought
	again.Again = true
	require.NoError(t, w.Connect(again))
	<-w.asked
	before := w.Desktop
	w.begin()
	require.NoError(t, w.Start(t.Context(), "anns"))
	require.Equal(t, api.RemoteDesktop{State: "waiting"}, w.Status(), "the PIN before is none any more, whenever the agent starts again")
	w.Desktop = before
	w.answer <- nil
	require.NotEqual(t, ready.PIN, w.becomes(t, "ready").PIN)

	require.NoError(t, w.End(t.Context(), "anns"))
	require.NoError(t, w.Start(t.Context(), "bobs"))
	require.Equal(t, api.RemoteDesktop{State: "waiting"}, w.Status(), "nobody sees another one's PIN")
	require.ErrorContains(t, w.Connect(brought), "another session by now")
	_, known := w.Idle(t.Context())
	require.False(t, known)
}

func TestACodeThatDoesNotWorkIsToldAndAnotherOneIsTaken(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Start(t.Context(), "anns"))
	hostile := brought
	hostile.Command += "; reboot"
	require.Equal(t, api.Invalid, api.CodeOf(w.Connect(hostile)))
	nameless := brought
	nameless.Name = "-x"
	require.Equal(t, api.Invalid, api.CodeOf(w.Connect(nameless)))
	require.Equal(t, "waiting", w.Status().State)
	require.NoError(t, w.Connect(brought))
	<-w.asked
	w.answer <- api.Problemf(api.Unavailable, "Chrome Remote Desktop could not be connected", "Bring another code.")
	require.Contains(t, w.becomes(t, "failed").Trouble, "Bring another code.")
	require.NoError(t, w.Connect(brought))
	<-w.asked
	w.answer <- nil
	w.becomes(t, "ready")
}

func TestASessionThatEndsMeanwhileIsNotConnected(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Start(t.Context(), "anns"))
	require.NoError(t, w.Connect(brought))
	<-w.asked
	require.NoError(t, w.End(t.Context(), "anns"), "it does not wait for Google")
	require.Equal(t, api.RemoteDesktop{}, w.Status())
	require.NotContains(t, w.kept["remote"], "anns")
}

func TestAWardenThatIsGoneIsTold(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Start(t.Context(), "anns"))
	w.warden.Close()
	require.NoError(t, w.Connect(brought))
	require.Contains(t, w.becomes(t, "failed").Trouble, "systemctl status lablink-warden")
	require.ErrorContains(t, w.End(t.Context(), "anns"), "systemctl status lablink-warden")
	require.ErrorContains(t, w.Start(t.Context(), "bobs"), "systemctl status lablink-warden")
}
