package crd_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/crd"
	"github.com/talmolab/lablink-infrastructure/agent/process"
	"github.com/talmolab/lablink-infrastructure/agent/warden"
	"github.com/talmolab/lablink-infrastructure/agent/web"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// units are started in name only.
type units struct{ started chan string }

func (u units) Start(_ context.Context, unit string) error { u.started <- unit; return nil }
func (u units) Stop(context.Context, ...string) error      { return nil }
func (u units) Shown(context.Context, string) (givenUp bool, restarts int, err error) {
	return false, 0, nil
}

type machine struct{}

func (machine) Status() api.Status { return api.Status{} }

// From what the allocator asks to the program that is started, and back to the PIN.
func TestTheWholeWayOfACode(t *testing.T) {
	t.Setenv("LABLINK_ROOT", t.TempDir())
	told := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Dir(host.Path(agent.StartHost)), 0o755))
	program := "#!/bin/sh\necho \"$2\" >" + told + "/code\ncat >" + told + "/pins\nmkdir -p ~/.config/chrome-remote-desktop\ntouch ~/.config/chrome-remote-desktop/host#1.json\n"
	for _, name := range []string{agent.StartHost, agent.RemoteHost} {
		require.NoError(t, os.WriteFile(host.Path(name), []byte(program), 0o755))
	}
	u := units{make(chan string, 10)}
	w := &warden.Warden{Units: u, Person: warden.Nobody{}, Remote: process.Runner{Home: host.Path(warden.Home)}, Possible: warden.RemotePossible, Say: func(string, error) {}}
	root := httptest.NewServer(w.Handler())
	t.Cleanup(func() { root.Close(); w.Close() })
	d := crd.New(api.Client{URL: root.URL, HTTP: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}, memory{})
	sessions := agent.NewSessions(d)
	answers := httptest.NewServer(web.Handler(machine{}, web.WithDesktop(d.Handler()), web.WithSessions(sessions), web.WithRemote(d)))
	t.Cleanup(answers.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	c := api.Client{URL: answers.URL}

	require.NoError(t, c.Do(t.Context(), http.MethodPost, "/session", api.StartSession{ID: "anns"}, nil))
	require.Equal(t, "crd", sessions.Status().Desktop)
	require.NoError(t, c.Do(t.Context(), http.MethodPost, "/remote", brought, nil))
	var now api.RemoteDesktop
	require.Eventually(t, func() bool {
		require.NoError(t, c.Do(t.Context(), http.MethodGet, "/remote", nil, &now))
		return now.State == api.RemoteReady
	}, time.Minute, 5*time.Millisecond)
	require.Equal(t, "lablink-remote.service", <-u.started)
	for file, want := range map[string]string{"code": "--code=" + code + "\n", "pins": now.PIN + "\n" + now.PIN + "\n"} {
		raw, err := os.ReadFile(filepath.Join(told, file))
		require.NoError(t, err)
		require.Equal(t, want, string(raw))
	}
	require.NoError(t, c.Do(t.Context(), http.MethodDelete, "/session?id=anns", nil, nil))
	require.NoDirExists(t, host.Path(warden.Home))
}
