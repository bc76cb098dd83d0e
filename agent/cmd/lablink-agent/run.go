//go:build linux

package main

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/spf13/pflag"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/boot"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/agent/metrics"
	"github.com/talmolab/lablink-infrastructure/agent/proc"
	"github.com/talmolab/lablink-infrastructure/agent/simulated"
	"github.com/talmolab/lablink-infrastructure/agent/tunnel"
	"github.com/talmolab/lablink-infrastructure/agent/uplink"
	"github.com/talmolab/lablink-infrastructure/agent/web"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// gcPercent trades CPU under load for memory, which belongs to the participants.
const gcPercent = 30

// watchEvery is how often instance metadata is asked whether AWS takes the machine
// back: it says so two minutes before.
const watchEvery = 5 * time.Second

type runCommand struct {
	Join, AllocatorURL, TLSName, Trust, Audience, Region string
	StateDir, Home, Desktop, NVML                        string
	AllowInject                                          bool
	Metrics                                              string

	token string // of --join
}

func (c *runCommand) flags(f *pflag.FlagSet) {
	f.StringVar(&c.Join, "join", "", "Join a workshop as somebody's own machine: the address with the token that staff made, a `URL`. Or $LABLINK_JOIN. No other setting is needed. Participants see such a machine and no desktop of it; install gives them one.")
	f.StringVar(&c.AllocatorURL, "allocator-url", "", allocatorHelp)
	trusting(f, &c.TLSName, &c.Trust)
	f.StringVar(&c.Audience, "audience", "", audienceHelp)
	f.StringVar(&c.Region, "region", "", "The AWS `region` whose STS checks the proof.")
	f.StringVar(&c.StateDir, "state-dir", stateDir(), "The `folder` where the agent's identity is kept.")
	f.StringVar(&c.Home, "home", homeDir(), "The `folder` of who works on the desktop, from which work is collected.")
	f.StringVar(&c.Desktop, "desktop", "none", "What participants see of this machine, a `KIND`: vnc, a desktop by TigerVNC, container, one in a container, crd, one by Chrome Remote Desktop, or none.")
	f.StringVar(&c.NVML, "nvml", "real", "Where GPUs are found, a `SOURCE`: real, or simulated:"+strings.Join(simulated.Names(), "|")+", several of them as h100x4. Or $LABLINK_NVML.")
	f.BoolVar(&c.AllowInject, "allow-inject", false, "Let root inject faults although the GPUs are real.")
	f.StringVar(&c.Metrics, "metrics", "", "Where Prometheus may ask for metrics, an `ADDRESS` on loopback: 127.0.0.1:9478. Nowhere when left out.")
	f.String(configFlag, "", "A JSON `file` with more settings; they go before those of the default file.")
}

// takeJoin reads where and with which token a machine of one's own joins.
func (c *runCommand) takeJoin() error {
	if c.Join == "" {
		return nil
	}
	at, token, ok := strings.Cut(c.Join, "#")
	if !ok || !strings.HasPrefix(token, "lbj_") {
		return errors.New("--join: give the whole address that was shown with the token, for example 'https://lab.example.org/#lbj_…', in quotes")
	}
	c.AllocatorURL, c.token = strings.TrimRight(at, "/"), token
	return nil
}

// check says what is wrong with the flags before anything starts.
func (c *runCommand) check() error {
	if err := c.takeJoin(); err != nil {
		return err
	}
	for _, flag := range [][2]string{{"--allocator-url", c.AllocatorURL}, {"--audience", c.Audience}, {"--region", c.Region}} {
		if flag[1] == "" && c.token == "" {
			return fmt.Errorf("missing flags: %s; a machine of one's own needs --join alone", flag[0])
		}
	}
	u, err := url.Parse(c.AllocatorURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("--allocator-url %q: give a whole address, for example https://lab.example.org", c.AllocatorURL)
	}
	if _, err := parseTrust(c.Trust); err != nil {
		return err
	}
	if c.Metrics != "" {
		if err := metrics.Address(c.Metrics); err != nil {
			return err
		}
	}
	if _, _, err := showing(c.Desktop, nil, nil); err != nil {
		return err
	}
	_, err = parseSource(c.NVML)
	return err
}

// run serves the machine until ctx ends.
func (c *runCommand) run(ctx context.Context, _ io.Writer) error {
	debug.SetGCPercent(gcPercent)
	logbook := agent.NewLogbook(rand.Text(), time.Now)
	log := slog.New(logbook.Handler("lablink-agent", newLog(os.Stderr).Handler()))
	source, err := parseSource(c.NVML)
	if err != nil {
		return err
	}
	gpus, err := source.open(ctx)
	if err != nil {
		return err
	}
	gpus, unbreakable := c.breakable(gpus, log)
	defer unbreakable()
	supervisor := newSupervisor(log)
	looks := time.NewTicker(supervisor.lookEvery())
	defer looks.Stop()
	setup := c.setup(logbook, log)
	usage := c.usage(setup, log)
	desktop, shown, err := showing(c.Desktop, usage.Busy, identity.NewStore(c.StateDir))
	if err != nil {
		return err
	}
	if d, ok := desktop.(interface{ Window() (agent.Window, bool) }); ok {
		usage.Window = d.Window
	}
	sessions := agent.NewSessions(desktop)
	usage.Session = sessions.Held
	at := bootID()
	machine := agent.NewMachine(gpus, agent.About{
		Version: version, BootID: at, Release: c.release, Failed: failed(log), Session: sessions.Status, Setup: setup, Shows: c.lacking(), Usage: usage, Host: proc.Host{Disk: c.Home},
		Kept: identity.NewStore(c.StateDir).GPUs(), Log: log,
	}, time.Now)
	defer c.tell(ctx, machine, log)()

	log.Info("starting", "version", version, "allocator", c.AllocatorURL, "gpus", c.NVML)
	if c.token != "" && !withWarden(c.Desktop) {
		log.Warn("participants see this machine and no desktop of it: lablink-agent install, as root, gives them one")
	}
	defer log.Info("stopped")
	defer supervisor.stopping()
	trust, err := parseTrust(c.Trust)
	if err != nil {
		return err
	}
	collector := &agent.Collector{Home: c.Home, Wait: wait, Private: c.private(), Memory: identity.NewStore(c.StateDir)}
	defer collector.Stop()
	sessions.Leaving, sessions.Memory = collector.Close, identity.NewStore(c.StateDir)
	config := c.wire(machine, web.Handler(machine, append(shown,
		web.WithSessions(sessions), web.WithReboot(at, func() error { return c.reboot(at) }), web.WithCollect(collector.Collect),
	)...), trust, log)
	collector.Keeper = c.keeper(config)
	watches := time.NewTicker(watchEvery)
	defer watches.Stop()
	config.Notices, config.Watches = c.notices(), watches.C
	config.Looks, config.Logbook = looks.C, logbook
	config.Alive, config.Upkeep = supervisor.alive, c.upkeep(sessions, logbook, log)
	if c.release() != "" { // nobody but this machine's own updater can follow
		config.Follow = c.follow
		config.Talks = c.talks(log)
	}
	return agent.New(config).Run(ctx)
}

// release is the release that the machine is at. One of one's own is at none.
func (c *runCommand) release() string {
	if c.token != "" {
		return ""
	}
	return host.Current()
}

// tell serves metrics, where that is wanted, until the returned function is called.
func (c *runCommand) tell(ctx context.Context, machine *agent.Machine, log *slog.Logger) func() {
	if c.Metrics == "" {
		return func() {}
	}
	ctx, stop := context.WithCancel(ctx)
	var serving sync.WaitGroup
	serving.Go(func() { metrics.Serve(ctx, c.Metrics, machine, log) })
	return func() { stop(); serving.Wait() }
}

// setup makes of the machine what its workshop needs.
func (c *runCommand) setup(logbook *agent.Logbook, log *slog.Logger) *agent.Setup {
	runner, prepared := c.settingUp()
	return &agent.Setup{
		Runner: runner, Fetch: c.fetching(), Prepared: prepared, Memory: identity.NewStore(c.StateDir),
		Said: func(level, line string) { logbook.Add(level, "set-up", line) }, Now: time.Now, Random: mathrand.Float64, Log: log,
	}
}

// usage measures what is done in sessions.
func (c *runCommand) usage(setup *agent.Setup, log *slog.Logger) *agent.Usage {
	return &agent.Usage{
		Programs: proc.Programs{}, Software: setup.Software, Memory: identity.NewStore(c.StateDir), Now: time.Now, Log: log,
	}
}

// notices are what AWS says it will do to the machine. Nobody takes back a machine of
// one's own, and it may have no instance metadata to ask.
func (c *runCommand) notices() agent.Notices {
	if c.token != "" {
		return nil
	}
	return identity.NewNotices()
}

// follow tells this machine's updater which release is wanted.
func (c *runCommand) follow(release string) error {
	return boot.WriteNote(boot.WantedFile(c.StateDir), release)
}

// talks tells this machine's updater that the agent has started, and how it tells it later
// that the agent gets on with the allocator.
func (c *runCommand) talks(log *slog.Logger) func() {
	said := func(err error) {
		if err != nil {
			log.Error("this machine's updater is not told how the agent gets on with the allocator", "error", err)
		}
	}
	said(boot.Started(c.StateDir))
	return func() { said(boot.Talks(c.StateDir)) }
}

// longestWait is the longest time between two tries to keep somebody's work: it is to be kept
// within minutes.
const longestWait = 5

// wait waits for a second, and then longer each time, up to a few, until ctx ends.
func wait(ctx context.Context, tries int) bool {
	timer := time.NewTimer(time.Duration(min(tries, longestWait)) * time.Second)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// keeper keeps files where the allocator says.
func (c *runCommand) keeper(a agent.Config) agent.Keeper {
	patient := uplink.NewHTTP("", nil)
	patient.Timeout = 0 // a file takes as long as it takes, until the collection ends
	return &uplink.Keeper{Allocator: a.Allocator.(*uplink.Allocator), Identity: a.Identities.Load, HTTP: patient}
}

// reboot tells this machine's updater to boot it again. One of one's own has none.
func (c *runCommand) reboot(from string) error {
	if c.token != "" {
		return api.Problemf(api.Forbidden, "It is somebody's own machine", "Its owner restarts it where it stands.")
	}
	return boot.WriteNote(boot.RebootFile(c.StateDir), from)
}

// failed is what the updater gave up.
func failed(log *slog.Logger) func() *api.FailedRelease {
	return func() *api.FailedRelease {
		f, err := boot.Failed()
		if err != nil {
			log.Error("what became of an update is not known", "error", err)
		}
		return f
	}
}

// wire connects the machine to what the flags name.
func (c *runCommand) wire(machine *agent.Machine, handler http.Handler, trust *x509.CertPool, log *slog.Logger) agent.Config {
	client := uplink.NewHTTP(c.TLSName, trust)
	userAgent := "lablink-agent/" + version
	return agent.Config{
		Machine:   machine,
		JoinToken: c.token,
		Allocator: &uplink.Allocator{URL: c.AllocatorURL, HTTP: client, UserAgent: userAgent},
		Prover: &identity.Prover{
			Region:      c.Region,
			Endpoint:    identity.Endpoint(c.Region, os.Getenv),
			Audience:    c.Audience,
			Credentials: identity.Credentials(os.Getenv),
			Now:         time.Now,
		},
		Identities: identity.NewStore(c.StateDir),
		Dialer: &tunnel.Dialer{
			URL: c.AllocatorURL, HTTP: client, UserAgent: userAgent,
			Handler: handler, Log: log,
		},
		Now:    time.Now,
		Random: mathrand.Float64,
		Log:    log,
	}
}
