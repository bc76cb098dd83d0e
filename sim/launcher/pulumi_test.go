package launcher

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// engine is a stand-in for pulumi that does what a script says.
func engine(t *testing.T, w *Workspace, script string) *Pulumi {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pulumi"), "#!/bin/sh\n"+script+"\n", 0o755)
	return &Pulumi{w: w, engine: dir}
}

func TestPulumiIsCalledOnThisWorkspaceAndItsAccount(t *testing.T) {
	w, _ := newWorkspace(t)
	write(t, w.own("ports.json"), `{"api":4001,"provider":4002,"cloudflare":4003}`, 0o644)
	p := engine(t, w, "env")
	out, err := p.Output(t.Context(), "about")
	require.NoError(t, err)
	got := strings.Split(string(out), "\n")
	for _, want := range []string{
		"PULUMI_BACKEND_URL=file://" + w.own("state") + "?metadata=skip",
		"PULUMI_HOME=" + w.own("pulumi"),
		"PULUMI_DEBUG_PROVIDERS=aws:4002,cloudflare:4003",
		"AWS_ENDPOINT_URL=http://127.0.0.1:4001",
		"AWS_ACCESS_KEY_ID=" + cloud.DeveloperKey,
		"AWS_REGION=us-west-2",
		"CLOUDFLARE_BASE_URL=http://127.0.0.1:4001/client/v4",
		"CGO_ENABLED=0",
		"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION=true",
		"PATH=" + p.engine + ":" + os.Getenv("PATH"),
	} {
		require.Contains(t, got, want)
	}
}

func TestAnEngineOnThePATHNeedsNoOtherPATH(t *testing.T) {
	w, _ := newWorkspace(t)
	for _, v := range (&Pulumi{w: w, engine: ""}).Variables() {
		if v.Name == "PATH" {
			require.Equal(t, os.Getenv("PATH"), v.Value)
		}
	}
}

func TestAStackIsNamedToTheEngineWithItsFile(t *testing.T) {
	require.Equal(t, []string{"--stack", "local"}, Stack{Name: "local"}.args())
	require.Equal(t, []string{"--stack", "prod", "--config-file", "x.yaml"}, Stack{Name: "prod", File: "x.yaml"}.args())
}

func TestWhatPulumiFailedAtIsSaid(t *testing.T) {
	w, said := newWorkspace(t)
	p := engine(t, w, "echo no such stack; exit 255")
	require.EqualError(t, p.Run(t.Context(), "up", "--yes"), "pulumi up failed: exit status 255")
	require.Equal(t, "no such stack\n", said.String())
}

func TestAnInterruptIsPassedOnAndPulumiFinishes(t *testing.T) {
	w, _ := newWorkspace(t)
	began := filepath.Join(t.TempDir(), "began")
	p := engine(t, w, `trap 'echo finished > `+began+`.end; exit 1' INT
: > `+began+`
while :; do read -t 1 x < /dev/null; done`)
	write(t, filepath.Join(p.engine, "pulumi"), "#!/bin/bash\n"+strings.TrimPrefix(string(mustRead(t, filepath.Join(p.engine, "pulumi"))), "#!/bin/sh\n"), 0o755)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx, "up") }()
	require.Eventually(t, func() bool { _, err := os.Stat(began); return err == nil }, waitFor, tick)
	cancel()
	require.Error(t, <-done)
	require.FileExists(t, began+".end")
}

func mustRead(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(name)
	require.NoError(t, err)
	return raw
}

func TestAStackIsMadeOnceAndNoFileOfTheWorkingCopyChanges(t *testing.T) {
	w, _ := newWorkspace(t)
	write(t, filepath.Join(w.Root, "Pulumi.local.yaml"), "config: {a: b}\n", 0o644)
	calls := filepath.Join(t.TempDir(), "calls")
	p := engine(t, w, `echo "$PWD $*" >> `+calls+`
[ "$2" = ls ] && echo '[{"name":"prod"}]'
exit 0`)
	require.NoError(t, p.Ensure(t.Context(), Stack{Name: "prod"}))
	require.NoError(t, p.Ensure(t.Context(), local))
	require.Equal(t, []string{
		w.Root + " stack ls --json --non-interactive", w.Root + " stack ls --json --non-interactive",
		w.own("stacks") + " stack init local --no-select --non-interactive",
	}, strings.Split(strings.TrimSpace(string(mustRead(t, calls))), "\n"))
	require.Equal(t, "config: {a: b}\n", string(mustRead(t, w.own("stacks", "Pulumi.local.yaml"))))
}

func TestALockOfAProcessThatLivesIsLeftAlone(t *testing.T) {
	bin := t.TempDir()
	sleep, err := exec.LookPath("sleep")
	require.NoError(t, err)
	write(t, filepath.Join(bin, "pulumi"), string(mustRead(t, sleep)), 0o755)
	living := exec.CommandContext(t.Context(), filepath.Join(bin, "pulumi"), "600")
	require.NoError(t, living.Start())
	ended := exec.CommandContext(t.Context(), filepath.Join(bin, "pulumi"), "0")
	require.NoError(t, ended.Start())
	for runs(ended.Process.Pid, "pulumi") {
		runtime.Gosched() // until it has ended; nobody takes notice
	}
	for _, c := range []struct {
		name string
		pid  int
		err  string
	}{
		{"of one that lives", living.Process.Pid, "pulumi is at work on stack local"},
		{"of one that has ended", ended.Process.Pid, ""},
		{"of another program", os.Getpid(), ""},
		{"of a process that is gone", 1 << 30, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, _ := newWorkspace(t)
			calls := filepath.Join(t.TempDir(), "calls")
			p := engine(t, w, `echo "$*" >> `+calls)
			raw, err := json.Marshal(map[string]int{"pid": c.pid})
			require.NoError(t, err)
			write(t, w.own("state", ".pulumi", "locks", "organization", "lablink", "local", "x.json"), string(raw), 0o644)
			err = p.unlock(t.Context(), local)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				require.NoFileExists(t, calls)
				return
			}
			require.NoError(t, err)
			require.Equal(t, "cancel --yes local --non-interactive\n", string(mustRead(t, calls)))
		})
	}
}

func TestWhatWasBeingMadeIsSettledByWhatTheAccountKnows(t *testing.T) {
	known := map[string]string{"urn:pulumi:l::p::t::made": "vpc-1"}
	out, pending, err := settle([]byte(`{"version":3,"deployment":{
		"resources":[{"urn":"urn:pulumi:l::p::t::old","type":"t"}],
		"pending_operations":[
			{"type":"creating","resource":{"urn":"urn:pulumi:l::p::t::made","type":"t","custom":true,"inputs":{"a":{"secret":"x"}}}},
			{"type":"creating","resource":{"urn":"urn:pulumi:l::p::t::lost","type":"t","custom":true}},
			{"type":"deleting","resource":{"urn":"urn:pulumi:l::p::t::old","type":"t"}}]}}`),
		func(urn string) (string, error) { return known[urn], nil })
	require.NoError(t, err)
	require.Equal(t, 2, pending)
	var got struct {
		Deployment struct {
			Resources []struct {
				URN, ID string
				Inputs  map[string]map[string]string
			}
			Pending []any `json:"pending_operations"`
		}
	}
	require.NoError(t, json.Unmarshal(out, &got))
	require.Len(t, got.Deployment.Resources, 2)
	require.Equal(t, "vpc-1", got.Deployment.Resources[1].ID)
	require.Equal(t, "x", got.Deployment.Resources[1].Inputs["a"]["secret"], "inputs stay as they are")
	require.Empty(t, got.Deployment.Pending)
}
