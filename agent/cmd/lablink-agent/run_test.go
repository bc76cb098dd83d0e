//go:build linux

package main

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/internal/fakeallocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// systemd is what the program tells its supervisor.
func systemd(t *testing.T, watchdog string) <-chan string {
	path := filepath.Join(t.TempDir(), "notify")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	t.Setenv("NOTIFY_SOCKET", path)
	t.Setenv("WATCHDOG_USEC", watchdog)
	told := make(chan string, 1000)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 100)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			told <- string(buf[:n])
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return told
}

// start runs the program with args until the returned function is called.
func start(t *testing.T, args ...string) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- execute(ctx, append([]string{"run"}, args...), io.Discard) }()
	return func() {
		cancel()
		require.NoError(t, <-ended)
	}
}

func TestTheProgramServesASimulatedMachine(t *testing.T) {
	root(t, "")
	t.Setenv("AWS_ACCESS_KEY_ID", "ASIAEXAMPLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_SESSION_TOKEN", "token")
	t.Setenv("AWS_ENDPOINT_URL", "http://sts.test:4566")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	told := systemd(t, "100000") // every 0.1 s
	fake := fakeallocator.New()
	s := httptest.NewServer(fake)
	t.Cleanup(s.Close)
	t.Cleanup(fake.Close)
	args := []string{"--allocator-url=" + s.URL, "--audience=lablink/lab/test", "--region=us-west-2", "--nvml=simulated:h200x2"}

	stop := start(t, args...)
	through := <-fake.Tunnels()
	res, err := through.HTTP.Get("http://agent/status")
	require.NoError(t, err)
	var status api.Status
	require.NoError(t, json.NewDecoder(res.Body).Decode(&status))
	require.NoError(t, res.Body.Close())
	assert.Equal(t, api.Healthy, status.Health, status.Reason)
	assert.Len(t, status.Readings, 2)
	assert.WithinDuration(t, time.Now(), status.At, time.Minute)

	said := fake.Registrations()[0]
	assert.Equal(t, status.Inventory, said.Inventory)
	assert.Contains(t, said.Inventory.GPUs[0].Model, "H200")
	assert.Equal(t, "sts.test:4566", said.Proof.Headers["Host"])
	assert.Equal(t, "lablink/lab/test", said.Proof.Headers[api.AudienceHeader])
	assert.NotEmpty(t, said.BootID)
	report := <-fake.Reports()
	assert.Equal(t, said.BootID, report.BootID)
	assert.Equal(t, version, report.Version)

	assert.Equal(t, "READY=1", <-told)
	assert.Equal(t, "WATCHDOG=1", <-told)
	assert.Equal(t, "WATCHDOG=1", <-told, "and again")
	stop()
	for state := range told {
		if state == "STOPPING=1" {
			break
		}
		assert.Equal(t, "WATCHDOG=1", state)
	}

	stop = start(t, args...)
	<-fake.Tunnels()
	stop()
	assert.Len(t, fake.Registrations(), 1, "the identity was kept")
}

func TestAMachineOfOnesOwnDoesNotBootAgainForAnAllocator(t *testing.T) {
	dir := root(t, "")
	fake, stop := own(t, api.Setup{})
	defer stop()
	through := <-fake.Tunnels()
	boot := strings.NewReader(`{"boot_id":"` + fake.Registrations()[0].BootID + `"}`)
	res, err := through.HTTP.Post("http://agent/reboot", "application/json", boot)
	require.NoError(t, err)
	said, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, http.StatusForbidden, res.StatusCode, string(said))
	assert.Contains(t, string(said), "where it stands")
	asked := []string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if filepath.Base(path) == "reboot-from" {
			asked = append(asked, path)
		}
		return err
	}))
	assert.Empty(t, asked)
}
