package system

import (
	"fmt"
	"io"
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

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// Two allocators behind load balancers share one PostgreSQL. Seats are given once,
// whoever is asked, and desktops are reached by either. One that is killed, and one
// that is told to stop, is taken over from: agents come to the other, and the people
// at their desktops go on.
func TestTwoAllocatorsServeAsOneThoughEachOfThemGoes(t *testing.T) {
	e := start(t, "--oidc", github)
	d, s := e.two(t)
	admin := d.login(t)
	const seats = 4
	w := d.open(t, admin, seats)
	d.await(t, admin, w, seats)

	people := d.claimAll(t, w, seats)
	for _, p := range people {
		d.seesItsDesktop(t, p)
	}
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		for range 2 { // one of which leads
			pid := slices.Min(d.serving(t)) // that of the one that was there for longest
			stop := d.watchDesktop(people[0])
			require.NoError(t, syscall.Kill(pid, signal))
			for _, p := range people {
				d.seesItsDesktop(t, p)
			}
			eventually(t, "it is back", func() bool {
				now := d.serving(t)
				return len(now) == 2 && !slices.Contains(now, pid)
			})
			d.ready(t)
			t.Logf("after %s a desktop was away for %s at most", signal, stop())
		}
	}
	for _, m := range d.machines(t, admin) {
		require.Equal(t, "assigned", m.State)
	}
	d.endAll(t, admin, e.account)
	e.must(t, s, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
}

// two deploys two allocators.
func (e *engine) two(t *testing.T) (*deployed, launcher.Stack) {
	t.Helper()
	change := slices.Concat(bootable["test"], []string{"    mode: acme\n    email: lab@example.org", "    mode: acm"})
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
	for i := range people {
		jar, err := cookiejar.New(nil)
		require.NoError(t, err)
		people[i] = &api.Client{URL: d.URL, HTTP: &http.Client{Jar: jar, Transport: d.client.Transport, Timeout: d.client.Timeout}}
		for range 3 {
			all.Go(func() {
				other := people[i]
				seat, problem := claim(t, other, w, fmt.Sprintf("p%d@example.org", i), new(atomic.Int32))
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

// desktop asks for a participant's desktop once.
func (d *deployed) desktop(p *api.Client) bool {
	res, err := p.HTTP.Get(d.URL + "/desktop/")
	if err != nil {
		return false
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return err == nil && res.StatusCode == http.StatusOK && strings.Contains(string(body), "This machine has no desktop yet")
}

func (d *deployed) seesItsDesktop(t *testing.T, p *api.Client) {
	t.Helper()
	eventually(t, "a desktop is seen", func() bool { return d.desktop(p) })
	for range 4 { // by each of the allocators
		eventually(t, "a desktop is seen", func() bool { return d.desktop(p) })
	}
}

// watchDesktop looks at a desktop all the time. The returned function ends that, and
// says for how long it was not seen at most.
func (d *deployed) watchDesktop(p *api.Client) (stop func() time.Duration) {
	end, longest := make(chan struct{}), make(chan time.Duration)
	go func() {
		seen, most := time.Now(), time.Duration(0)
		for {
			select {
			case <-end:
				longest <- most
				return
			case <-time.After(20 * time.Millisecond):
			}
			if d.desktop(p) {
				most, seen = max(most, time.Since(seen)), time.Now()
			}
		}
	}()
	return func() time.Duration { close(end); return <-longest }
}
