package load

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/release"
)

// machine is a root directory with a release, in which the programs of a machine run.
type machine struct {
	root, program string
	env           []string
	flags         map[string][]string // by what the program is started as
	asked         atomic.Int64        // how often instance metadata was asked for a notice
}

// systemctl starts what shows a session, and nothing else.
const systemctl = `#!/bin/sh
case "$1 $2" in
"start lablink-session.service")
  setsid "$LABLINK_ROOT/opt/lablink/current/lablink-agent" session </dev/null >>"$LABLINK_ROOT/session.log" 2>&1 &
  echo $! >"$LABLINK_ROOT/session.pid" ;;
esac
`

// machine makes that of an instance, with the agent as a release is built.
func (g *ground) machine(b *testing.B, url, instance string) *machine {
	b.Helper()
	sum := release.Sum(nil) // of the agent's release, as far as anybody here knows
	m := &machine{root: b.TempDir()}
	m.program = filepath.Join(m.root, "opt/lablink/releases", sum, "lablink-agent")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", m.program, "../../agent/cmd/lablink-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=1", "CGO_CFLAGS=-O2 -g0 -Wno-deprecated-declarations")
	said, err := build.CombinedOutput()
	require.NoError(b, err, string(said))
	require.NoError(b, os.Symlink("releases/"+sum, filepath.Join(m.root, "opt/lablink/current")))
	bin := b.TempDir()
	require.NoError(b, os.WriteFile(filepath.Join(bin, "systemctl"), []byte(systemctl), 0o755))
	for _, dir := range []string{"etc/lablink", "run", "var/lib/lablink-agent"} {
		require.NoError(b, os.MkdirAll(filepath.Join(m.root, dir), 0o755))
	}
	metadata := httptest.NewServer(m.metadata(instance))
	b.Cleanup(metadata.Close)
	c := g.credentials(b, instance)
	m.env = append(os.Environ(), "AWS_ENDPOINT_URL="+g.aws, "AWS_ACCESS_KEY_ID="+c.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+c.SecretAccessKey, "AWS_SESSION_TOKEN="+c.SessionToken,
		"AWS_EC2_METADATA_DISABLED=false", "AWS_EC2_METADATA_SERVICE_ENDPOINT="+metadata.URL, "LABLINK_ROOT="+m.root, "LABLINK_SKIP=user", "PATH="+bin+":"+os.Getenv("PATH"))
	m.flags = map[string][]string{
		"run":    {"--allocator-url=" + url, "--audience=" + g.settings.Audience, "--region=" + region, "--nvml=simulated:a10gx4", "--metrics=127.0.0.1:0", "--desktop=vnc"},
		"warden": {"--desktop=vnc"},
		"update": {"--region=" + region, "--bucket=none", "--allocator-url=" + url},
	}
	b.Cleanup(func() { m.hide(b) })
	return m
}

// metadata is the instance's: AWS does nothing to it.
func (m *machine) metadata(instance string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("PUT /latest/api/token", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
		fmt.Fprint(w, "token")
	})
	mux.HandleFunc("GET /latest/meta-data/instance-id", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, instance) })
	mux.HandleFunc("GET /latest/meta-data/spot/instance-action", func(w http.ResponseWriter, r *http.Request) {
		m.asked.Add(1)
		http.NotFound(w, r)
	})
	return mux
}

// command is the machine's program as one of those that it can be.
func (m *machine) command(b *testing.B, as string) *exec.Cmd {
	cmd := exec.CommandContext(b.Context(), m.program, append([]string{as}, m.flags[as]...)...)
	cmd.Env = m.env
	return cmd
}

func (m *machine) start(b *testing.B, as string) *process {
	b.Helper()
	return run(b, m.command(b, as))
}

// shows reports whether a session is shown.
func (m *machine) shows() bool {
	_, err := os.Stat(filepath.Join(m.root, "run/lablink-session/rfb"))
	return err == nil
}

// hide ends what shows it.
func (m *machine) hide(b *testing.B) {
	raw, err := os.ReadFile(filepath.Join(m.root, "session.pid"))
	if err != nil {
		return // none was begun
	}
	var pid int
	_, err = fmt.Sscan(strings.TrimSpace(string(raw)), &pid)
	require.NoError(b, err)
	require.NoError(b, syscall.Kill(pid, syscall.SIGTERM))
}

// update is one look of the updater, as the timer starts it: what it used, and had resident
// in MiB. What is wanted runs already.
func (m *machine) update(b *testing.B) (used time.Duration, resident float64) {
	b.Helper()
	current, err := os.Readlink(filepath.Join(m.root, "opt/lablink/current"))
	require.NoError(b, err)
	require.NoError(b, os.WriteFile(filepath.Join(m.root, "var/lib/lablink-agent/wanted-release"), []byte(filepath.Base(current)+"\n"), 0o600))
	cmd := m.command(b, "update")
	said, err := cmd.CombinedOutput()
	require.NoError(b, err, string(said))
	require.Empty(b, string(said))
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), float64(usage.Maxrss) / 1024
}
