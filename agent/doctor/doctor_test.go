package doctor_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/doctor"
	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

type gpus struct {
	gpu.NVML
	init, list error
}

func (g gpus) Init() error                    { return g.init }
func (g gpus) Shutdown() error                { return nil }
func (g gpus) DriverVersion() (string, error) { return "560.1", nil }
func (g gpus) Devices() ([]gpu.Device, error) { return []gpu.Device{l4{}}, g.list }

type l4 struct{ gpu.Device }

func (l4) Model() (string, error) { return "NVIDIA L4", nil }

type host struct{ free uint64 }

func (h host) Facts() api.Host { return api.Host{DiskFree: &h.free, DiskTotal: new(uint64(100 << 30))} }

type identity struct {
	id  agent.Identity
	err error
}

func (i identity) Load() (agent.Identity, error) { return i.id, i.err }
func (identity) Save(agent.Identity) error       { return nil }

// answers is an allocator.
func answers(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/tunnel") {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	_, _ = w.Write([]byte(`{"ready": true, "version": "v1"}`))
}

// well is a machine that lacks nothing.
func well(t *testing.T, handler http.HandlerFunc) doctor.Machine {
	s := httptest.NewTLSServer(handler)
	t.Cleanup(s.Close)
	return doctor.Machine{
		URL: s.URL, HTTP: s.Client(), Version: "v1", Find: func(name string) (string, error) { return "/bin/" + name, nil }, NVML: gpus{}, Host: host{50 << 30},
		Root: t.TempDir(), StateDir: filepath.Join(t.TempDir(), "state"), Identities: identity{err: agent.ErrNoIdentity}, Now: time.Now,
	}
}

func TestAMachineThatLacksNothingIsWell(t *testing.T) {
	found := well(t, answers).Examine(t.Context())
	var checks []string
	for _, f := range found {
		assert.True(t, f.OK, "%+v", f)
		checks = append(checks, f.Check)
	}
	assert.Equal(t, []string{"tools", "driver", "disk", "state", "allocator", "clock", "tunnel"}, checks)
	assert.Equal(t, "NVIDIA 560.1; GPUs: 1 (NVIDIA L4)", found[1].Found)
}

func TestWhatAMachineLacksIsSaidWithTheFix(t *testing.T) {
	for name, c := range map[string]struct {
		check, found, fix string
		spoil             func(t *testing.T, m *doctor.Machine)
	}{
		"no git":    {"tools", "missing: git", "install the package git", func(_ *testing.T, m *doctor.Machine) { m.Find = onlyBash }},
		"no driver": {"driver", "there is an NVIDIA GPU, and no driver", "install NVIDIA's driver", func(t *testing.T, m *doctor.Machine) { builtIn(t, m.Root); m.NVML = gpus{init: gpu.ErrNoDriver} }},
		"a driver that fails": {"driver", "does not work: version mismatch", "boot again", func(_ *testing.T, m *doctor.Machine) {
			m.NVML = gpus{init: errors.New("version mismatch")}
		}},
		"no desktop": {"desktop", "TigerVNC is not on this machine", "install that", func(_ *testing.T, m *doctor.Machine) {
			m.Shows = func() error { return errors.New("TigerVNC is not on this machine") }
		}},
		"a full disk":     {"disk", "1.0 of 100.0 GiB are free", "make room", func(_ *testing.T, m *doctor.Machine) { m.Host = host{1 << 30} }},
		"a foreign state": {"state", "cannot keep who it is", "--state-dir", func(t *testing.T, m *doctor.Machine) { m.StateDir = file(t) + "/state" }},
		"a released machine": {"state", "the allocator released this machine: it ended", "another join token", func(_ *testing.T, m *doctor.Machine) {
			m.Identities = identity{id: agent.Identity{AgentID: "agt_1", Secret: "s", Released: "it ended"}}
		}},
		"another clock":     {"clock", "from the allocator's", "timedatectl", func(_ *testing.T, m *doctor.Machine) { m.Now = func() time.Time { return time.Now().Add(time.Hour) } }},
		"no such name":      {"allocator", "is not known here", "name server", func(_ *testing.T, m *doctor.Machine) { m.URL, m.HTTP = "https://lablink.invalid", nameless }},
		"nobody there":      {"allocator", "it is not reached", "firewall", func(_ *testing.T, m *doctor.Machine) { m.URL = "https://127.0.0.1:1" }},
		"a foreign TLS":     {"allocator", "not of an authority that this machine trusts", "--trust", func(_ *testing.T, m *doctor.Machine) { m.HTTP = &http.Client{} }},
		"another name":      {"allocator", "the certificate is for another name", "--tls-name", func(_ *testing.T, m *doctor.Machine) { m.URL = strings.Replace(m.URL, "127.0.0.1", "localhost", 1) }},
		"no allocator":      {"allocator", "does not answer as an allocator does", "something else answers", func(t *testing.T, m *doctor.Machine) { m.URL, m.HTTP = at(t, http.NotFound) }},
		"no WebSockets":     {"tunnel", "something else than the allocator answers a WebSocket: 502", "WebSockets", func(t *testing.T, m *doctor.Machine) { m.URL, m.HTTP = at(t, noTunnels) }},
		"no TLS over there": {"allocator", "it does not speak TLS", "http://", func(t *testing.T, m *doctor.Machine) { m.URL = plain(t) }},
	} {
		t.Run(name, func(t *testing.T) {
			m := well(t, answers)
			c.spoil(t, &m)
			var bad []doctor.Finding
			for _, f := range m.Examine(t.Context()) {
				if !f.OK {
					bad = append(bad, f)
				}
			}
			require.Len(t, bad, 1)
			assert.Equal(t, c.check, bad[0].Check)
			assert.Contains(t, bad[0].Found, c.found)
			assert.Contains(t, bad[0].Fix, c.fix)
		})
	}
}

// silent is a driver that answers once it is mended.
type silent struct {
	gpus
	mended chan struct{}
}

func (s silent) Init() error {
	<-s.mended
	return s.init
}

func TestADriverThatDoesNotAnswerIsNotWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		mended := make(chan struct{})
		defer close(mended)
		began := time.Now()
		found := doctor.Machine{NVML: silent{mended: mended}}.Driver(t.Context())
		assert.Equal(t, doctor.Finding{
			Check: "driver", Found: "NVIDIA's driver does not answer", Fix: "boot again; a GPU that makes its driver hang again is broken",
		}, found)
		assert.Equal(t, 10*time.Second, time.Since(began))
	})
}

func TestAMachineWithoutAGPUIsWell(t *testing.T) {
	m := well(t, answers)
	m.NVML = gpus{init: gpu.ErrNoDriver}
	assert.Equal(t, "there is no NVIDIA GPU; the machine works without one", m.Examine(t.Context())[1].Found)
}

// nameless knows no names.
var nameless = &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
	return nil, &net.DNSError{Err: "no such host", Name: "lablink.invalid", IsNotFound: true}
}}}

func onlyBash(name string) (string, error) {
	if name != "bash" {
		return "", os.ErrNotExist
	}
	return "/bin/bash", nil
}

// builtIn writes that PCI has a device of NVIDIA's.
func builtIn(t *testing.T, root string) {
	require.NoError(t, os.MkdirAll(filepath.Join(root, "proc/bus/pci"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(root, "proc/bus/pci/devices"), []byte("0000\t80861237\t0\n00f8\t10de27b8\tb\n"), 0o600))
}

func file(t *testing.T) string {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, nil, 0o600))
	return name
}

func at(t *testing.T, handler http.HandlerFunc) (string, *http.Client) {
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return s.URL, s.Client()
}

func plain(t *testing.T) string {
	url, _ := at(t, answers)
	return strings.Replace(url, "http://", "https://", 1)
}

func noTunnels(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	answers(w, r)
}
