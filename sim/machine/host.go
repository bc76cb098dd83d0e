package machine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/nspawn"
)

// Options say how machines are run.
type Options struct {
	// Dir is where the machines' folders are. Required.
	Dir string
	// API answers the AWS API. Required.
	API http.Handler
	// Log is told what machines do. Required.
	Log *slog.Logger
	// Mark is put into the environment of every process as control.Mark, so that
	// what an interrupted simulator left behind can be found.
	Mark string
	// Outside are services on the internet that run on this computer: their
	// addresses here, by the names under which machines reach them.
	Outside map[string]string
	// Environment is what every process has in its environment besides.
	Environment []string
	// Roots is a file of certificates that machines trust. Required.
	Roots string
	// Base is the base system of machines that boot as containers; see sim/nspawn.
	// Optional: they boot as processes.
	Base string
	// Tick is when load balancers look whether checks of their targets are due.
	// Optional: each second.
	Tick <-chan time.Time
}

// body is how a machine exists on this computer: as processes, or as a container.
type body interface {
	boot() error
	stop()
	attach(volume string) error
	detach(volume string)
	// knock connects to what listens on a port, from an address that may reach it.
	knock(ctx context.Context, from string, port int) (net.Conn, error)
	// say prints a line on the console.
	say(line string)
}

// Host runs the machines of one account. It is the account's hypervisor.
type Host struct {
	opts    Options
	account *cloud.Account

	mu       sync.Mutex
	machines map[string]body
	doors    map[string]*door
	starting sync.WaitGroup

	balancers *balancers
	databases databases
	trust     *trustStore
	ticker    *time.Ticker
}

// NewHost makes a host without machines. Use gives it its account.
func NewHost(o Options) *Host {
	return &Host{opts: o, machines: map[string]body{}, doors: map[string]*door{}}
}

// Use connects the host to its account, which goes on with what was under way
// when it was last open.
func (h *Host) Use(a *cloud.Account) error {
	h.account = a
	if h.opts.Base != "" { // what a simulator that was killed has left
		if err := nspawn.CloseDisks(context.Background(), h.disks()); err != nil {
			return err
		}
	}
	ticks := h.opts.Tick
	if ticks == nil {
		h.ticker = time.NewTicker(time.Second)
		ticks = h.ticker.C
	}
	h.databases.host = h
	var err error
	if h.trust, err = newTrustStore(h); err != nil {
		return err
	}
	h.balancers = newBalancers(h)
	h.balancers.start(ticks)
	return a.Resume()
}

// Launch powers a machine on.
func (h *Host) Launch(i cloud.Instance) { h.start(i, func() {}) }

// Restart powers a machine off and on again. Its folder stays, so that its user
// data does not run again.
func (h *Host) Restart(i cloud.Instance) {
	stop := func() {}
	if old := h.machine(i.ID); old != nil {
		stop = old.stop
	}
	h.start(i, stop)
}

func (h *Host) newBody(i cloud.Instance) body {
	m := newMachine(h, i)
	if h.opts.Base == "" {
		return m
	}
	return &container{Machine: m, disks: map[string]disk{}}
}

func (h *Host) start(i cloud.Instance, first func()) {
	m := h.newBody(i)
	h.mu.Lock()
	h.machines[i.ID] = m
	h.mu.Unlock()
	h.starting.Go(func() {
		first()
		err := m.boot()
		if err != nil && !errors.Is(err, context.Canceled) { // one that is switched off meanwhile did nothing wrong
			h.opts.Log.Error("machine did not boot", "instance", i.ID, "error", err)
			m.say(fmt.Sprintf("simulator: %s", err))
		}
	})
}

// Terminate powers a machine off, removes its folder and calls done.
func (h *Host) Terminate(id string, done func()) {
	h.mu.Lock()
	m := h.machines[id]
	delete(h.machines, id)
	h.mu.Unlock()
	h.starting.Go(func() {
		if m != nil {
			m.stop()
		}
		_ = os.RemoveAll(h.folder(id))
		done()
	})
}

// Attach makes a volume visible to a machine.
func (h *Host) Attach(instance, _, volume string) {
	if m := h.machine(instance); m != nil {
		if err := m.attach(volume); err != nil {
			h.opts.Log.Error("attach volume", "instance", instance, "volume", volume, "error", err)
		}
	}
}

// Detach takes a volume away from a machine.
func (h *Host) Detach(instance, _, volume string) {
	if m := h.machine(instance); m != nil {
		m.detach(volume)
	}
}

// Close powers all machines off; their folders stay.
func (h *Host) Close() {
	h.mu.Lock()
	machines := slices.Collect(maps.Values(h.machines))
	for _, d := range h.doors {
		d.close()
	}
	h.mu.Unlock()
	var all sync.WaitGroup
	for _, m := range machines {
		all.Go(m.stop)
	}
	all.Wait()
	h.databases.close()
	if h.trust != nil {
		_ = h.trust.server.Close()
	}
	h.starting.Wait()
	if h.balancers != nil {
		h.balancers.close()
	}
	if h.ticker != nil {
		h.ticker.Stop()
	}
}

// Machine is the machine of an instance, or nil.
func (h *Host) machine(id string) body {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.machines[id]
}

// Supervisor is what runs the units of an instance, or nil when there is no
// such machine. Tests use it to kill what runs.
func (h *Host) Supervisor(id string) *Supervisor {
	if m, ok := h.machine(id).(*Machine); ok {
		return m.supervisor
	}
	return nil
}

// Console is what the machine of an instance has printed while it booted.
func (h *Host) Console(id string) string {
	raw, _ := os.ReadFile(filepath.Join(h.folder(id), "console.log"))
	return string(raw)
}

func (h *Host) folder(id string) string { return filepath.Join(h.opts.Dir, "instances", id) }

// Native is the architecture of this machine, as EC2 names it.
func Native() string {
	if runtime.GOARCH == "amd64" {
		return "x86_64"
	}
	return runtime.GOARCH
}

// dial opens a connection to a port of the instance that has an address, if
// from may reach it. The error says what stands in the way.
func (h *Host) dial(ctx context.Context, from cloud.Peer, address string, port int) (net.Conn, error) {
	var d net.Dialer
	if here, ok := h.opts.Outside[address]; ok {
		if err := h.account.Reach(from, cloud.Peer{Address: cloud.Internet}, port, ""); err != nil {
			return nil, err
		}
		return d.DialContext(ctx, "tcp", here)
	}
	if address == trustStoreName && port == 443 {
		if err := h.account.Reach(from, cloud.Peer{Address: cloud.AWSServices}, port, ""); err != nil {
			return nil, err
		}
		return h.trust.connect(ctx)
	}
	if db, ok := h.account.DatabaseNamed(address); ok {
		return h.databases.connect(ctx, from, db, port)
	}
	if balancer := h.account.BalancerNamed(address); balancer != "" {
		return h.balancers.connect(ctx, from, balancer, port)
	}
	target, ok := h.account.InstanceAt(from, address)
	if !ok {
		return nil, fmt.Errorf("nothing within reach has the address %s", address)
	}
	source, err := h.account.Connect(from, cloud.Peer{Instance: target, Address: address}, port, "")
	if err != nil {
		return nil, err
	}
	return h.knock(ctx, source, target, port)
}

// knock connects to what listens on a port of an instance, from an address that
// may reach it.
func (h *Host) knock(ctx context.Context, from, instance string, port int) (net.Conn, error) {
	m := h.machine(instance)
	if m == nil {
		return nil, fmt.Errorf("the machine of %s is not running", instance)
	}
	return m.knock(ctx, from, port)
}
