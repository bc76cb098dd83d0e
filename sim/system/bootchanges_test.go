//go:build boot

package system

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/sim/nspawn"
)

// A host and a machine boot again and are what they were; a release that is no good
// is undone by systemd's own means, and a good one follows.
func TestBootAgainAndAnotherRelease(t *testing.T) {
	e := startContainers(t)
	s, out := e.template(t, "acme-route53")
	d := e.reach(t, s)
	d.ready(t)
	admin := d.login(t)
	w := d.open(t, admin, 1)
	d.await(t, admin, w, 1)
	before, orders := d.machines(t, admin)[0], e.orders(t)

	for _, by := range []string{"pulumi", "allocator"} {
		m := e.theOne(t, by)
		pid := m.pid(t)
		m.run(t, "systemctl", "reboot")
		eventually(t, by+"'s machine has gone down and comes up", func() bool { return m.pid(t) != pid })
		d.ready(t)
		eventually(t, "the agent is back", func() bool {
			now := d.machines(t, admin)
			return len(now) == 1 && now[0].Connected && now[0].State == "ready"
		})
	}
	after := d.machines(t, admin)[0]
	require.Equal(t, before.ID, after.ID)
	require.Equal(t, orders, e.orders(t), "the certificate is on the volume")
	host := e.theOne(t, "pulumi")
	host.isWell(t, "lablink-allocator.service")
	host.servesFromItsVolume(t)

	a, good := artifactsOf(e.account, out), out.Release.Manifest
	client := &api.Client{URL: d.URL, HTTP: d.client}
	for _, b := range broken {
		if b.name != "exits at start" && b.name != "serves and then exits" {
			continue
		}
		m := a.manifest(t, good)
		m.Version = "broken: " + b.name
		raw := buildBroken(t, e.root, b.file, b.from, b.to)
		f := release.File{SHA256: release.Sum(raw), Bytes: int64(len(raw))}
		f.Key = release.ArtifactKey("lablink-allocator", native, f.SHA256)
		a.put(t, f.Key, raw)
		m.Allocator[native] = f
		bad := a.publish(t, m)
		a.point(t, bad)
		eventually(t, "the host gives up a release that "+b.name, func() bool {
			now, err := client.Ready(t.Context())
			return err == nil && now.Ready && now.Release == good && now.Failed != nil && now.Failed.Release == bad
		})
		now, err := client.Ready(t.Context())
		require.NoError(t, err)
		require.Contains(t, now.Failed.Reason, b.reason)
	}
	next := a.manifest(t, good)
	next.Version = "another"
	sum := a.publish(t, next)
	a.point(t, sum)
	eventually(t, "another release serves, on the host and on the machine", func() bool {
		now, err := client.Ready(t.Context())
		machines := d.machines(t, admin)
		return err == nil && now.Ready && now.Release == sum && len(machines) == 1 && machines[0].AgentRelease == sum
	})
	require.Empty(t, host.failed(t))
}

// cuts are moments of a first boot, by what the console says then, and what it says
// while there is no network.
var cuts = []struct{ when, at, says string }{
	{"before the machine asks for anything", "", "lablink: asking instance metadata for credentials"},
	{"as it begins to fetch", "lablink: fetching the manifest", "lablink: that did not work; trying again in"},
	{"as its program takes over", "lablink: handing over to lablink-allocator", "trying again in"},
}

// A host that loses its network while it boots says so on its console, and goes on
// when it has it again.
func TestBootWithoutANetwork(t *testing.T) {
	e := startContainers(t)
	for i, c := range cuts {
		t.Run(c.when, func(t *testing.T) {
			var m guest
			cut := make(chan error, 1)
			go func() {
				var err error
				m, err = e.cutAt(t.Context(), c.at)
				cut <- err
			}()
			s, out := e.template(t, "ip-only")
			require.NoError(t, <-cut)
			eventually(t, "the console says what it waits for", func() bool { return strings.Contains(m.console(), c.says) })
			m.plugged(t, true)
			d := e.reach(t, s)
			d.ready(t)
			m.isWell(t, "lablink-allocator.service")
			require.Equal(t, out.Release.Manifest, d.Release.Manifest)
			if i < len(cuts)-1 {
				e.must(t, s, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
			}
		})
	}
}

func (m guest) console() string {
	raw, _ := os.ReadFile(filepath.Join(m.dir, "console.log")) // it has said nothing yet
	return string(raw)
}

// cutAt pulls the cable of the next host out, once its console says something. It
// runs beside the test, which only its own goroutine may fail.
func (e *engine) cutAt(ctx context.Context, says string) (guest, error) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		state, err := e.account.State(ctx)
		if err != nil {
			return guest{}, err
		}
		for _, m := range guests(state, "pulumi") {
			if said := m.console(); said != "" && strings.Contains(said, says) {
				pid, err := nspawn.PID(m.dir)
				if err != nil {
					return m, err
				}
				return m, nspawn.Plugged(ctx, pid, false)
			}
		}
		select {
		case <-ctx.Done():
			return guest{}, ctx.Err()
		case <-tick.C:
		}
	}
}
