package main

import (
	"bytes"
	"context"
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
