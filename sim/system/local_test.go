package system

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/control"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// local is the local stack in the copy, and how its people reach it.
type local struct {
	*launcher.Workspace
	url, password string
	transport     http.RoundTripper // nil: http.DefaultTransport
}

// up runs `make up`.
func up(t *testing.T) *local {
	t.Helper()
	l := find(t)
	l.make(t, "up")
	p, err := l.Pulumi(t.Context())
	require.NoError(t, err)
	out, err := p.Environment(t.Context(), launcher.Stack{Name: "local"})
	require.NoError(t, err)
	l.password = out.InitialAdminPassword
	return l
}

// find is the copy with a door of its own. What a test leaves there goes away
// with it, also when what it found is that it cannot be destroyed.
func find(t *testing.T) *local {
	t.Helper()
	w, err := launcher.Find(lease(t), t.Output())
	require.NoError(t, err)
	w.Door = freeAddress(t)
	l := &local{Workspace: w, url: "http://" + w.Door}
	t.Cleanup(func() { l.make(t, "down", "DISCARD=1") })
	return l
}

func freeAddress(t testing.TB) string {
	t.Helper()
	address, err := nextAddress()
	require.NoError(t, err)
	return address
}

// nextAddress is one that nobody listens on.
func nextAddress() (string, error) {
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", 20_000+nextPort.Add(1)%10_000)
		if l, err := net.Listen("tcp", address); err == nil {
			return address, l.Close()
		}
	}
	return "", errors.New("no port is free")
}

// nextPort goes through ports that the system gives to nobody by itself: another test
// has one of those before it is used.
var nextPort = func() *atomic.Int32 {
	var n atomic.Int32
	n.Store(int32(os.Getpid() % 10_000))
	return &n
}()

// command is a call of make in the copy, in a process group of its own.
func (l *local) command(ctx context.Context, target ...string) *exec.Cmd {
	_, port, _ := net.SplitHostPort(l.Door)
	cmd := exec.CommandContext(ctx, "make", target...)
	cmd.Dir, cmd.Env = l.Root, append(environment(), "LABLINK_PORT="+port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// environment is that of a shell, not of the make that may run these tests.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "GOFLAGS", "CGO_ENABLED", "CGO_CFLAGS"}, name)
	})
}

// make calls make, which must succeed, and returns what it says.
func (l *local) make(t *testing.T, target ...string) string {
	t.Helper()
	// A test that ends early still takes away what it started.
	out, err := l.command(context.WithoutCancel(t.Context()), target...).CombinedOutput()
	t.Logf("make %s\n%s", strings.Join(target, " "), out)
	require.NoError(t, err, "make %s: %s", strings.Join(target, " "), out)
	return string(out)
}

// person is a client with a browser's cookies.
func (l *local) person(t *testing.T) *api.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &api.Client{URL: l.url, HTTP: &http.Client{Jar: jar, Transport: l.transport, Timeout: time.Minute}}
}

// admin is logged in.
func (l *local) admin(t *testing.T) *api.Client {
	t.Helper()
	c := l.person(t)
	require.NoError(t, c.Do(t.Context(), http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: l.password}, nil))
	return c
}

// open opens a workshop.
func (l *local) open(t *testing.T, admin *api.Client, machines int) (w api.Workshop) {
	t.Helper()
	require.NoError(t, admin.Do(t.Context(), http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: "Pose tracking", Pool: "gpu", Seats: machines}, &w))
	return w
}

// await waits until so many machines of a workshop can be had.
func (l *local) await(t *testing.T, admin *api.Client, w api.Workshop, machines int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d machines are ready", machines), func() bool {
		ready := 0
		for _, m := range l.machines(t, admin) {
			if m.Workshop == w.ID && m.State == "ready" {
				ready++
			}
		}
		return ready == machines
	})
}

// endAll ends all workshops and waits until their machines have ended. An allocator
// replaces machines that are ended otherwise.
func (l *local) endAll(t *testing.T, admin *api.Client, account *control.Client) {
	t.Helper()
	eventually(t, "every workshop is ended", func() bool {
		for _, w := range read[api.Page[api.Workshop]](t, admin, "/api/v1/workshops?limit=200").Items {
			if w.State != "open" {
				continue
			}
			err := admin.Do(t.Context(), http.MethodDelete, "/api/v1/workshops/"+w.ID, nil, nil)
			if api.CodeOf(err) == api.Unavailable { // it says to ask again
				return false
			}
			require.NoError(t, err)
		}
		return true
	})
	eventually(t, "every machine has ended", func() bool { return running(t, account) == 0 })
}

func (l *local) machines(t *testing.T, admin *api.Client) []api.Machine {
	t.Helper()
	return read[api.Page[api.Machine]](t, admin, "/api/v1/machines").Items
}

// answers waits until the allocator is ready.
func (l *local) answers(t *testing.T) {
	t.Helper()
	eventually(t, "the allocator is ready", func() bool {
		ready, err := l.person(t).Ready(t.Context())
		return err == nil && ready.Ready
	})
}

// pid is the one process of a program of the local stack's machines.
func (l *local) pid(t *testing.T, program string) int {
	t.Helper()
	pids := slices.DeleteFunc(l.processes(t, program), func(pid int) bool {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return err != nil || strings.Contains(string(line), "\x00update") // which looks for a release, and ends
	})
	require.Len(t, pids, 1, program)
	return pids[0]
}

// processes are those of the deployment, of one program, or of all for "": the
// engine, the simulator, and what its machines run.
func (l *local) processes(t *testing.T, program string) (pids []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	require.NoError(t, err)
	for _, dir := range all {
		environ, err := os.ReadFile(dir + "/environ")
		if err != nil || !strings.Contains(string(environ), "="+l.Root) && !strings.Contains(string(environ), "file://"+l.Root) {
			continue // gone meanwhile, or another's
		}
		exe, err := os.Readlink(dir + "/exe")
		if err != nil || program != "" && filepath.Base(exe) != program {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(dir))
		require.NoError(t, err)
		pids = append(pids, pid)
	}
	return pids
}

// nothingRuns holds that all of the copy's processes end, and names those that do not.
func (l *local) nothingRuns(t *testing.T) {
	t.Helper()
	left := map[int]string{}
	defer func() {
		for pid, line := range left {
			t.Logf("process %d: %s", pid, line)
		}
	}()
	eventually(t, "no process is left", func() bool {
		clear(left)
		for _, pid := range l.processes(t, "") {
			line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			if err == nil {
				left[pid] = strings.ReplaceAll(string(line), "\x00", " ")
			}
		}
		return len(left) == 0
	})
}

// patience is how long what happens in processes of their own may take.
var patience = 5 * time.Minute

// eventually waits for it.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-deadline:
			require.FailNow(t, "it did not happen in "+patience.String()+" that "+what)
		case <-tick.C:
		}
	}
}
