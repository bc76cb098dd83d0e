package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/api"
)

const settingsOfOne = `{
	"deployment": "lab", "environment": "test", "region": "us-west-2", "accountId": "123456789012", "audience": "lab",
	"adminPasswordParameter": "/lablink/lab/test/secret/admin-password", "tls": {"mode": "none"}, "database": {"engine": "sqlite"},
	"trustedProxies": [], "pools": [{"name": "gpu", "instanceTypes": ["g5.xlarge"], "subnetIds": ["subnet-1"], "maxMachines": 4, "role": "client"}]
}`

// answerSSM answers as SSM does to who asks for the initial password.
func answerSSM(t *testing.T) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		_, _ = io.WriteString(w, `{"Parameter": {"Value": "a very good password", "Version": 1}}`)
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "LABLINK_ROOT": t.TempDir(),
	} {
		t.Setenv(name, value)
	}
}

// serving runs an allocator until stop is called.
func serving(t *testing.T, p place) (c *api.Client, stop func()) {
	t.Helper()
	address := boot.AddressFile(p.Data)
	_ = os.Remove(address) // of the one before
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- serveCommand{Settings: p.Settings, Data: p.Data, Listen: "127.0.0.1:0", Peers: "127.0.0.1:0"}.Run(ctx)
	}()
	stop = func() {
		cancel()
		require.NoError(t, <-ended)
	}
	c = &api.Client{}
	require.Eventually(t, func() bool {
		at, err := os.ReadFile(address)
		c.URL = "http://" + string(at)
		return err == nil && len(at) > 0
	}, time.Minute, 10*time.Millisecond, "it does not answer")
	return c, stop
}

// isReady waits until an allocator is ready: its disk may be others' for a while.
func isReady(t *testing.T, c *api.Client) (ready api.Ready) {
	t.Helper()
	require.Eventually(t, func() bool {
		var err error
		ready, err = c.Ready(t.Context())
		require.NoError(t, err)
		return ready.Ready
	}, time.Minute, 50*time.Millisecond, "%+v", &ready)
	return ready
}

func get(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	res, err := c.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, string(body))
	return string(body)
}

func TestAnAllocatorIsMeasuredBackedUpAndRestored(t *testing.T) {
	answerSSM(t)
	p, file := there(t, "sqlite"), filepath.Join(t.TempDir(), "backup.db")
	require.NoError(t, os.WriteFile(p.Settings, []byte(settingsOfOne), 0o600))
	c, stop := serving(t, p)
	ready := isReady(t, c)
	names := make([]string, 0, len(ready.Checks))
	for _, check := range ready.Checks {
		names = append(names, check.Name)
	}
	require.Equal(t, []string{"database", "disk", "database writes", "clock", "ec2"}, names)
	var told string
	require.Eventually(t, func() bool { // one look at all that there is has five seconds, and the disk may be others'
		told = get(t, http.DefaultClient, c.URL+"/metrics")
		return strings.Contains(told, "lablink_store_up 1")
	}, time.Minute, 50*time.Millisecond)
	for _, want := range []string{
		`lablink_machines{pool="gpu",state="ready"} 0`, "lablink_store_commit_duration_seconds_count",
		`lablink_jobs{state="available"} 0`, `lablink_http_requests_total{route="GET /readyz",status="2xx"} 1`, "go_goroutines", "process_",
	} {
		require.Contains(t, told, want)
	}
	require.NoError(t, backupCommand{place: p, File: file}.Run(t.Context()))
	require.ErrorIs(t, restoreCommand{place: p, File: file}.Run(t.Context()), errServed)
	admin := loggedIn(t, c.URL).HTTP
	health := get(t, admin, c.URL+"/admin/health")
	for _, want := range []string{"Ready", "SQLite", "Made by hand", " things done at once", "this one", "It has none of its own"} {
		require.Contains(t, health, want)
	}
	require.NotContains(t, health, "leads", "it is alone")
	require.Contains(t, get(t, admin, c.URL+"/admin/settings"), "g5.xlarge")
	require.Contains(t, get(t, admin, c.URL+"/admin/pools"), "0 of 4 machines")
	stop()

	require.NoError(t, restoreCommand{place: p, File: file}.Run(t.Context()))
	c, stop = serving(t, p)
	isReady(t, c)
	stop()

	// Going back to a snapshot of the volume is told by the host's first boot.
	require.NoError(t, os.WriteFile(boot.RestoredFile(p.Data), []byte("a snapshot of vol-0123"), 0o600))
	before := time.Now().Truncate(time.Microsecond)
	_, stop = serving(t, p)
	stop()
	store, err := sqlite.Open(t.Context(), filepath.Join(p.Data, storeFile), quiet)
	require.NoError(t, err)
	at, err := store.RestoredAt(t.Context())
	require.NoError(t, errors.Join(err, store.Close()))
	require.False(t, at.Before(before), "%s", at)
	require.NoFileExists(t, boot.RestoredFile(p.Data), "it knows")
	left, err := filepath.Glob(filepath.Join(p.Data, storeFile+"*"))
	require.NoError(t, err)
	require.Len(t, left, 2, "the new one and the old one: %s", strings.Join(left, ", "))
}
