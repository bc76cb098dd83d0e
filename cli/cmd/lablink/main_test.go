package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
)

// TestMain lets the test's own program be the command.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_PROGRAM") == "lablink" {
		main()
	}
	os.Exit(m.Run())
}

const password = "a very good password"

var deployed = strings.Repeat("a", 64)

// serve runs an allocator whose jobs run when somebody asks how its machines are.
// asked is told of each request.
func serve(t *testing.T, asked func(path string)) (*allocatortest.World, string) {
	t.Helper()
	w := allocatortest.New(t)
	guard := access.New(w.Store, w.Now)
	require.NoError(t, guard.Ensure(t.Context(), password))
	handler, err := web.New(t.Context(), web.Config{
		Service: w.Service, Guard: guard, Sessions: w.Store.(*sqlstore.Store), Version: "v1", Release: deployed, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked(r.URL.Path)
		if r.URL.Path == "/api/v1/machines" {
			for range 2 { // what is ending has ended when it is looked at again
				assert.NoError(t, w.Resume(context.WithoutCancel(t.Context())))
				w.RunAll(t)
				w.EC2.Finish()
			}
		}
		handler.ServeHTTP(rw, r)
	}))
	t.Cleanup(server.Close)
	return w, server.URL
}

// An interrupt at a terminal ends all of `lablink verify --seat | tee log`.
func TestAWorkshopIsEndedWhenNobodyReadsWhatIsSaid(t *testing.T) {
	read, written, err := os.Pipe()
	require.NoError(t, err)
	var said bytes.Buffer
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(os.Environ(), "TEST_PROGRAM=lablink")
	command.Stdout, command.Stderr = written, &said
	var interrupt sync.Once
	w, url := serve(t, func(path string) {
		if path == "/api/v1/operations" { // it waits for its machine
			interrupt.Do(func() {
				assert.NoError(t, read.Close())
				assert.NoError(t, command.Process.Signal(os.Interrupt))
			})
		}
	})
	command.Args = append(command.Args, "--url", url, "--password", password, "verify", "--release", deployed, "--seat")
	require.NoError(t, command.Start())
	require.NoError(t, written.Close())
	err = command.Wait()
	require.Equal(t, 2, command.ProcessState.ExitCode(), "%v\n%s", err, said.String())
	require.Contains(t, said.String(), "it was interrupted before all was seen")
	require.Contains(t, said.String(), "broken pipe")

	all, err := w.Store.Workshops(t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, all, 1)
	require.Equal(t, allocator.Ended, all[0].State)
	require.Len(t, w.EC2.All, 1, "a machine had been launched")
	require.Equal(t, allocator.InstanceGone, w.EC2.All[0].State)
}

func TestAloneItSaysWhatItCanDo(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), "TEST_PROGRAM=lablink")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "change <workshop>")
	require.Contains(t, string(out), "--url=URL")
}

func TestAnAllocatorThatDoesNotAnswerIsSaidWithTheNextStep(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, "--url", "http://127.0.0.1:1", "status")
	cmd.Env = append(os.Environ(), "TEST_PROGRAM=lablink")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "nothing answers at http://127.0.0.1:1: dial tcp")
}

// typed runs the command as a shell does, and says how it ended.
func typed(t *testing.T, env []string, args ...string) (out, said string, code int) {
	t.Helper()
	command := exec.CommandContext(t.Context(), os.Args[0], args...)
	command.Env = append(append(os.Environ(), "TEST_PROGRAM=lablink"), env...)
	var o, e bytes.Buffer
	command.Stdout, command.Stderr = &o, &e
	err := command.Run()
	var ended *exec.ExitError
	if !errors.As(err, &ended) {
		require.NoError(t, err)
	}
	return o.String(), e.String(), command.ProcessState.ExitCode()
}

func TestAShellIsToldHowALineMayGoOn(t *testing.T) {
	for line, want := range map[string]string{
		"lablink work":                   "workshops",
		"lablink join-token m":           "make",
		"lablink logs mch_1 --le":        "--level",
		"lablink logs mch_1 --level w":   "warn",
		"lablink completion z":           "zsh",
		"lablink launch x --ro":          "--roster",
		"lablink tell --a":               "--all",
		"lablink launch x --pool y --ma": "--machines",
	} {
		out, _, code := typed(t, []string{"COMP_LINE=" + line}, "ignored")
		require.Zero(t, code, line)
		require.Contains(t, strings.Fields(out), want, line)
	}
	code, _, _ := typed(t, nil, "completion", "-c", "bash")
	raw, err := exec.CommandContext(t.Context(), "bash", "-c", code+"\ncomplete -p lablink").CombinedOutput()
	require.NoError(t, err, "%s", raw)
	require.Contains(t, string(raw), os.Args[0])
	for _, shell := range []string{"zsh", "fish"} {
		code, _, end := typed(t, nil, "completion", "-c", shell)
		require.Zero(t, end)
		require.Contains(t, code, "complete ")
	}
}

func TestHowACommandEndsSaysWhatKindOfErrorItWas(t *testing.T) {
	_, url := serve(t, func(string) {})
	for want, args := range map[string][]string{
		"0 ": {"status", "--url", url},
		"2 lablink: unknown flag --hurry. lablink --help lists the commands": {"status", "--hurry"},
		"2 lablink: unexpected argument stat":                                {"stat"},
		"3 lablink: ":                                                        {"workshops", "--url", url, "--password", "wrong"},
		"4 lablink: ":                                                        {"end", "wks_x", "--url", url, "--password", password},
		"8 lablink: nothing answers at http://127.0.0.1:1":                   {"workshops", "--url", "http://127.0.0.1:1", "--password", "x"},
	} {
		_, said, code := typed(t, []string{"LABLINK_URL=", "LABLINK_TOKEN="}, args...)
		require.Contains(t, fmt.Sprintf("%d %s", code, said), want, "%v", args)
	}
}
