package main

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// loggedIn is a client with a session of admin's.
func loggedIn(t *testing.T, url string) *api.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	c := &api.Client{URL: url, HTTP: &http.Client{Jar: jar}}
	call(t, c, http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: "a very good password"}, nil)
	return c
}

func call(t *testing.T, c *api.Client, method, path string, in, out any) {
	t.Helper()
	require.NoError(t, c.Do(t.Context(), method, path, in, out), path)
}

// buildAgent builds the agent's program.
func buildAgent(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "lablink-agent")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../../agent/cmd/lablink-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=1", "CGO_CFLAGS=-O2 -g0 -Wno-deprecated-declarations")
	out, err := build.CombinedOutput()
	require.NoError(t, err, string(out))
	return program
}

// settingsOfCourse set machines up: at the second try, which is seen to have done its work.
var settingsOfCourse = strings.Replace(settingsOfOne, `"role": "client"}`, `"role": "client", "software": ["blender"], "startup": {
	"script": "echo \"it's $(echo on) $0\"; test -e tried || { touch tried; exit 3; }", "onError": "fail", "maxAttempts": 2, "successCheck": "test -e tried"}}`, 1)

// The agent's program, told nothing but where and with which token, serves its machine
// to the allocator until the workshop ends, and ends then by itself.
func TestTheAgentsProgramJoinsAMachineOfOnesOwn(t *testing.T) {
	program := buildAgent(t)
	answerSSM(t)
	p := there(t, "sqlite")
	require.NoError(t, os.WriteFile(p.Settings, []byte(settingsOfCourse), 0o600))
	at, stop := serving(t, p)
	defer stop()
	admin := loggedIn(t, at.URL)
	var ws api.Workshop
	call(t, admin, http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, Warm: new(0)}, &ws)
	var made api.MadeJoinToken
	call(t, admin, http.MethodPost, "/api/v1/join-tokens", api.NewJoinToken{Name: "the lab's", Workshop: ws.ID}, &made)

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	agent := exec.CommandContext(ctx, program, "run", "--join", made.URL, "--nvml=simulated:a100")
	home := t.TempDir()
	agent.Env = []string{"LABLINK_ROOT=" + home, "PATH=" + os.Getenv("PATH")}
	agent.Stderr = os.Stderr
	require.NoError(t, agent.Start())
	ended := make(chan error, 1)
	go func() { ended <- agent.Wait() }()

	machine := func() (m api.Machine) {
		var all api.Page[api.Machine]
		call(t, admin, http.MethodGet, "/api/v1/machines?ended=true&workshop="+ws.ID, nil, &all)
		if len(all.Items) == 1 {
			m = all.Items[0]
		}
		return m
	}
	require.Eventually(t, func() bool { m := machine(); return m.State == "ready" && m.Connected }, time.Minute, 50*time.Millisecond)
	require.True(t, machine().Own)
	require.Equal(t, []any{api.SetupDone, 2, "it's on lablink-startup"}, []any{machine().Setup.State, machine().Setup.Attempt, machine().Setup.Line})
	require.FileExists(t, filepath.Join(home, "var/lib/lablink-home/tried"))
	ann := loggedIn(t, at.URL)
	var seat api.Seat
	call(t, ann, http.MethodPost, "/api/v1/seats", api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, &seat)
	require.Equal(t, machine().ID, seat.Machine)
	require.NoError(t, ann.WatchSeat(ctx, func(l api.Live) bool { return !l.Reachable }), "through its tunnel it answers")
	call(t, ann, http.MethodDelete, "/api/v1/seats/current", nil, nil)
	require.Equal(t, "ready", machine().State)

	// A fault that is injected into the program that runs is the machine's, until its driver starts anew.
	inject := func(what ...string) {
		order := exec.CommandContext(ctx, program, append([]string{"inject"}, what...)...)
		order.Env = agent.Env
		said, err := order.CombinedOutput()
		require.NoError(t, err, string(said))
	}
	inject("xid", "79")
	require.Eventually(t, func() bool { return machine().State == "unhealthy" }, time.Minute, 50*time.Millisecond)
	require.Equal(t, []any{api.Unhealthy, api.Reboot}, []any{machine().Health, machine().Action})
	require.Contains(t, machine().HealthReason, "(XID 79, the GPU has fallen off the bus)")
	inject("driver", "restart")
	require.Eventually(t, func() bool { return machine().State == "ready" }, time.Minute, 50*time.Millisecond)

	call(t, admin, http.MethodDelete, "/api/v1/workshops/"+ws.ID, nil, nil)
	select {
	case err := <-ended:
		require.NoError(t, err, "it is told, and ends")
	case <-ctx.Done():
		t.Fatal("the agent was not told that its machine was released")
	}
	require.Contains(t, machine().Reason, "it was released")
}
