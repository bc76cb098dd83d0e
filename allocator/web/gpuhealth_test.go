package web_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/gpu/gputest"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
	agenttunnel "github.com/talmolab/lablink-infrastructure/agent/tunnel"
	"github.com/talmolab/lablink-infrastructure/agent/uplink"
	agentweb "github.com/talmolab/lablink-infrastructure/agent/web"
	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/tunnel"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

// desk is a machine of a workshop with its real agent, over the real wire.
type desk struct {
	*world
	hub      *tunnel.Hub
	ws       allocator.Workshop
	id       string
	store    *identity.Store
	injector *inject.Injector
	gpus     *gputest.Machine
	reboots  chan string
}

// newDesk has an allocator with real tunnels.
func newDesk(t *testing.T) *desk {
	t.Helper()
	hub := &tunnel.Hub{Log: slog.New(slog.DiscardHandler), OnChange: func(string, string, bool) {}}
	t.Cleanup(hub.Close)
	d := &desk{hub: hub, gpus: gputest.New(gputest.A10G("GPU-a")), reboots: make(chan string, 1)}
	d.injector = inject.New(d.gpus)
	d.world = newWorld(t, func(c *web.Config) {
		c.Service.Tunnels, c.Tunnel = hub, hub.Serve
	})
	var err error
	d.ws, err = d.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1})
	require.NoError(t, err)
	d.RunAll(t)
	m := d.Machines(t, d.ws)[0]
	booted, _ := d.Boot(t, m)
	d.id, d.store = m.ID, identity.NewStore(t.TempDir())
	require.NoError(t, d.store.Save(agent.Identity{AgentID: booted.AgentID, Secret: booted.Secret}))
	return d
}

// boot runs the machine's agent, as after its boots before, until the returned function
// is called.
func (d *desk) boot(t *testing.T, n int) (stop func()) {
	t.Helper()
	boot := fmt.Sprint("boot-", n)
	client := uplink.NewHTTP("", nil)
	log := slog.New(slog.DiscardHandler)
	machine := agent.NewMachine(d.injector, agent.About{Version: "v1", BootID: boot, Kept: d.store.GPUs()}, time.Now)
	handler := agentweb.Handler(machine, agentweb.WithReboot(boot, func() error { d.reboots <- boot; return nil }))
	looks := make(chan time.Time)
	a := agent.New(agent.Config{
		Machine: machine, Allocator: &uplink.Allocator{URL: d.url, HTTP: client}, Identities: d.store,
		Dialer: &agenttunnel.Dialer{URL: d.url, HTTP: client, Handler: handler, Log: log},
		Looks:  looks, Now: time.Now, Random: func() float64 { return 0 }, Log: log,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-done)
		client.CloseIdleConnections()
	}
}

// until waits until the machine is as it should be, while the allocator looks.
func (d *desk) until(t *testing.T, is func(allocator.Machine) bool) allocator.Machine {
	t.Helper()
	var m allocator.Machine
	require.Eventually(t, func() bool {
		require.NoError(t, d.Reconcile(t.Context()))
		for _, op := range d.Pending() {
			_ = d.Run(t.Context(), op) // says when again
		}
		var err error
		m, err = d.Store.Machine(t.Context(), d.id)
		require.NoError(t, err)
		return is(m)
	}, time.Minute, 5*time.Millisecond, "it is %+v", &m)
	return m
}

func TestAFaultOfAGPUIsMendedByARebootOfItsMachineAndByAnotherMachineAtLast(t *testing.T) {
	d := newDesk(t)
	stop := d.boot(t, 1)
	d.until(t, func(m allocator.Machine) bool { return d.hub.Connected() == 1 && m.BootID == "boot-1" })
	staff := d.staff(t)

	// A program's error is told to staff, and nothing is done.
	require.NoError(t, d.injector.Apply(inject.Order{Fault: "xid", Value: "31"}))
	m := d.until(t, func(m allocator.Machine) bool { return m.HealthReason != "" })
	require.Equal(t, []any{allocator.Ready, api.Healthy}, []any{m.State, m.Health})
	_, page := staff.open(t, "/admin/machines/"+d.id)
	require.Contains(t, page, "Well</span>: A program made an error on the GPU: GPU 0 (NVIDIA A10G) (XID 31, memory page fault)")

	// One that a reset clears: its agent is asked to reboot, by the tunnel.
	require.NoError(t, d.injector.Apply(inject.Order{Fault: "xid", Value: "48"}))
	m = d.until(t, func(m allocator.Machine) bool { return m.State == allocator.Rebooting })
	require.Contains(t, m.Reason, "a reboot may help (1 of 3): The driver reported a fault that a reset clears: GPU 0 (NVIDIA A10G) (XID 48, double-bit memory error)")
	require.Equal(t, "boot-1", <-d.reboots)
	stop()
	stop = d.boot(t, 1) // the agent alone is no boot: the fault is still there
	d.until(t, func(m allocator.Machine) bool { return m.State == allocator.Rebooting && m.Health == api.Unhealthy })
	stop()
	d.gpus.Change(func() { d.gpus.Start = "2" })
	stop = d.boot(t, 2)
	m = d.until(t, func(m allocator.Machine) bool { return m.State == allocator.Ready })
	require.Equal(t, []any{api.Healthy, ""}, []any{m.Health, m.HealthReason})

	// One that only other hardware mends: no reboot, another machine.
	require.NoError(t, d.injector.Apply(inject.Order{Fault: "rows", Value: "failed"}))
	require.NoError(t, d.injector.Apply(inject.Order{Fault: "xid", Value: "63"})) // what the driver reports with it
	m = d.until(t, func(m allocator.Machine) bool { return m.State == allocator.Terminating })
	require.Contains(t, m.Reason, "another one takes its place: Its memory cannot be repaired any more")
	res, body := staff.send(t, http.MethodGet, "/api/v1/machines?workshop="+d.ws.ID, nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Contains(t, body, `"action":"replace"`)
	require.Empty(t, d.reboots)
	stop()
}
