package system

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
	"github.com/talmolab/lablink-infrastructure/sim/watching"
)

// Two allocators behind load balancers share one PostgreSQL. Seats are given once,
// whoever is asked, and desktops are reached by either. One that is killed, and one
// that is told to stop, is taken over from: agents come to the other, and the people
// at their desktops go on.
func TestTwoAllocatorsServeAsOneThoughEachOfThemGoes(t *testing.T) {
	e := start(t, "--oidc", github)
	d, s := e.two(t, "maxMachines: 5", "maxMachines: 5\n      desktop: vnc")
	admin := d.login(t)
	const seats = 4
	w := d.open(t, admin, seats)
	d.await(t, admin, w, seats)

	people := d.claimAll(t, w, seats)
	for _, p := range people {
		d.seesItsDesktop(t, p)
	}
	desktop, stalls := d.watchDesktop(t, people[0]), watching.WatchStalls(t, e.account.URL)
	for _, stop := range []struct {
		by    syscall.Signal
		away  time.Duration // for which a desktop may not be seen
		often int           // either leads; agents do not wait longer each time
	}{{syscall.SIGKILL, back, 2}, {syscall.SIGTERM, held, 8}} {
		for range stop.often {
			pid := slices.Min(d.serving(t)) // that of the one that was there for longest
			desktop.Begin()
			stalls.Begin()
			begin := time.Now()
			require.NoError(t, syscall.Kill(pid, stop.by))
			eventually(t, "it is back", func() bool {
				now := d.serving(t)
				return len(now) == 2 && !slices.Contains(now, pid)
			})
			d.ready(t)
			returned := time.Since(begin) // until when its socket keeps browsers that come to it
			for _, p := range people {
				d.seesItsDesktop(t, p)
			}
			away, streams := desktop.Longest(t)
			stalled := 3 * stalls.Longest() // until it is seen to be away, asked for, and there
			t.Logf("after %s a desktop was away for %s at most, and %d streams of it ended; all was ready after %s; this computer stalled for %s", stop.by, away, streams, returned, stalled)
			// Who was refused, or kept at its socket, asks again after as long as that took at most.
			require.LessOrEqual(t, away, stop.away+2*returned+stalled)
		}
	}
	for _, m := range d.machines(t, admin) {
		require.Equal(t, "assigned", m.State)
	}
	d.endAll(t, admin, e.account)
	e.must(t, s, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
}

// two deploys two allocators.
func (e *engine) two(t *testing.T, more ...string) (*deployed, launcher.Stack) {
	t.Helper()
	change := slices.Concat(bootable["test"], []string{"    mode: acme\n    email: lab@example.org", "    mode: acm"}, more)
	change[1] = "  lablink:database:\n    engine: postgres\n" + strings.Replace(change[1], "    instanceType:", "    replicas: 2\n    instanceType:", 1)
	s := e.stack(t, "test", change...)
	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs")
	d := e.reach(t, s)
	d.Workspace = &launcher.Workspace{Root: e.root}
	eventually(t, "both allocators run", func() bool { return len(d.serving(t)) == 2 })
	for range 4 { // each of them
		d.ready(t)
	}
	return d, s
}

// serving are the allocators that serve; others bring hosts up to date.
func (l *local) serving(t *testing.T) []int {
	t.Helper()
	return slices.DeleteFunc(l.processes(t, "lablink-allocator"), func(pid int) bool {
		command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		return err != nil || !strings.HasSuffix(string(command), "\x00serve\x00")
	})
}

// claimAll lets people claim at once, each from several places. Nobody has two
// machines, and no machine two people.
func (d *deployed) claimAll(t *testing.T, w api.Workshop, seats int) []*api.Client {
	t.Helper()
	people, got := make([]*api.Client, seats), make([]api.Seat, seats)
	var all sync.WaitGroup
	var mu sync.Mutex // who claims after the first answer has the cookie, and is given the same seat
	for i := range people {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		people[i] = &api.Client{URL: d.URL, HTTP: &http.Client{Jar: jar, Transport: d.client.Transport, Timeout: d.client.Timeout}}
		for range 3 {
			all.Go(func() {
				other := people[i]
				seat, problem := claim(t, other, w, fmt.Sprintf("p%d@example.org", i), new(atomic.Int32))
				mu.Lock()
				defer mu.Unlock()
				if problem == nil {
					got[i] = seat
				}
			})
		}
	}
	all.Wait()
	machines := map[string]bool{}
	for _, seat := range got {
		require.Equal(t, "assigned", seat.State)
		machines[seat.Machine] = true
	}
	require.Len(t, machines, seats)
	return people
}

// seesItsDesktop waits until a participant sees their desktop, by each of the allocators.
func (d *deployed) seesItsDesktop(t *testing.T, p *api.Client) {
	t.Helper()
	d.hasASession(t, p)
	for range 4 {
		eventually(t, "a desktop is seen", func() bool {
			conn, err := d.stream(t, p)
			if err != nil {
				return false
			}
			defer conn.Close()
			return greet(conn) == nil && pixel(conn) == nil
		})
	}
}

// stream opens the stream of a participant's desktop.
func (d *deployed) stream(t *testing.T, p *api.Client) (net.Conn, error) {
	t.Helper()
	ws, _, err := websocket.Dial(t.Context(), d.URL+streamPath, &websocket.DialOptions{HTTPClient: p.HTTP})
	if err != nil {
		return nil, err
	}
	return websocket.NetConn(t.Context(), ws, websocket.MessageBinary), nil
}

// watchDesktop looks at a participant's desktop all the time.
func (d *deployed) watchDesktop(t *testing.T, p *api.Client) *watching.Desktop {
	t.Helper()
	w := &watching.Desktop{HTTP: p.HTTP, URL: d.URL + streamPath, Greet: greet, Look: pixel}
	w.Watch(t)
	return w
}

const streamPath = "/desktop/stream"

// greet is how a viewer begins.
func greet(conn net.Conn) error {
	const version = "RFB 003.008\n"
	for _, step := range []struct {
		hear int
		say  string
	}{{len(version), version}, {2, "\x01"}, {4, "\x01"}} { // no password, beside others
		if _, err := io.CopyN(io.Discard, conn, int64(step.hear)); err != nil {
			return err
		}
		if _, err := io.WriteString(conn, step.say); err != nil {
			return err
		}
	}
	var init [24]byte
	if _, err := io.ReadFull(conn, init[:]); err != nil {
		return err
	}
	if _, err := io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(init[20:]))); err != nil { // its name
		return err
	}
	_, err := io.WriteString(conn, "\x02\x00\x00\x01\x00\x00\x00\x00") // pixels as they are
	return err
}

// pixel asks for the desktop's first pixel.
func pixel(conn net.Conn) error {
	if _, err := io.WriteString(conn, "\x03\x00\x00\x00\x00\x00\x00\x01\x00\x01"); err != nil {
		return err
	}
	var is [4 + 12 + 4]byte
	if _, err := io.ReadFull(conn, is[:]); err != nil {
		return err
	}
	if is[0] != 0 || is[3] != 1 {
		return fmt.Errorf("%x is no pixel", is)
	}
	return nil
}
