package sim

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/machine"
	"github.com/talmolab/lablink-infrastructure/sim/provider"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

// Options say how a simulator runs.
type Options struct {
	// Dir keeps everything: the model, the buckets, the machines. Required.
	Dir string
	// API, Provider and Cloudflare are the addresses to listen on: for the AWS API
	// and for the Pulumi engine, which asks for each provider elsewhere. Optional:
	// free ports of loopback.
	API, Provider, Cloudflare string
	// Ports is a file that keeps which ports those were, so that they are the same
	// the next time if nobody else has them then. Optional.
	Ports string
	// Patience is how long to wait for a simulator that works in the folder, and
	// may be about to end. Optional: it is not waited for.
	Patience time.Duration
	// Boot makes instances boot as processes of this computer. Without it they
	// count as running and nothing runs.
	Boot bool
	// Base is the base system with which instances boot as containers instead; see
	// sim/nspawn. Optional.
	Base string
	// AccountID, Region and Seed say what the account is. Optional: 123456789012 in
	// us-west-2, and nothing more in it.
	AccountID, Region string
	Seed              cloud.Seed
	// Zones are public hosted zones, OIDCProviders identity providers that the
	// account has from the start, CloudflareZones the zones that Cloudflare has.
	Zones, OIDCProviders, CloudflareZones []string
	// Log is told what happens. Optional: nobody is.
	Log *slog.Logger
}

// Sim is a running simulator.
type Sim struct {
	Account *cloud.Account
	// Machines runs the instances; nil without Boot.
	Machines *machine.Host
	// API is the URL of the AWS API; Provider and Cloudflare are the ports of the
	// Pulumi providers aws and cloudflare.
	API                  string
	Provider, Cloudflare int

	certificates *certificates // nil without Boot
	dir          string
	held         *os.File // the lock on dir
	doors        *doorList
	cancel       context.CancelFunc

	interruptions interruptions
	server        *http.Server
	serving       sync.WaitGroup
}

// Start starts a simulator, with what was in its folder before.
func Start(o Options) (*Sim, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the simulator's folder: %w", err)
	}
	s := &Sim{dir: o.Dir}
	if err := s.lock(o.Patience); err != nil {
		return nil, err
	}
	program() // remember what runs, before it may be replaced
	options := cloud.Options{
		Dir: o.Dir, AccountID: o.AccountID, Region: o.Region, Architecture: machine.Native(), Seed: o.Seed,
		Zones: o.Zones, OIDCProviders: o.OIDCProviders, CloudflareZones: o.CloudflareZones,
	}
	var api http.Handler
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { api.ServeHTTP(w, r) })
	var err error
	if o.Boot {
		if s.certificates, err = startCertificates(s); err != nil {
			_ = s.held.Close()
			return nil, err
		}
		s.Machines = machine.NewHost(machine.Options{
			Dir: o.Dir, API: handler, Log: o.Log, Mark: o.Dir,
			Outside: map[string]string{authorityName: s.certificates.Address}, Environment: s.certificates.environment(),
			Roots: s.certificates.roots, Base: o.Base,
		})
		options.Hypervisor = s.Machines
	}
	if s.Account, err = cloud.Open(options); err != nil {
		s.letGo()
		return nil, err
	}
	if err := s.trust(); err != nil {
		s.letGo()
		return nil, err
	}
	api = wire.NewServer(s.Account, time.Now)
	s.doors = &doorList{file: filepath.Join(o.Dir, "doors.json"), machines: s.Machines}
	if err := s.listen(o, handler); err != nil {
		s.letGo()
		return nil, err
	}
	if s.Machines != nil {
		if err := errors.Join(s.Machines.Use(s.Account), s.doors.restore()); err != nil {
			s.Close()
			return nil, err
		}
	}
	return s, nil
}

// trust makes machines trust the account's own certificates.
func (s *Sim) trust() error {
	if s.certificates == nil {
		return nil
	}
	amazon, err := s.Account.AmazonRoot()
	if err != nil {
		return err
	}
	return s.certificates.trust(amazon)
}

func (s *Sim) listen(o Options, api http.Handler) error {
	l, err := o.listen()
	if err != nil {
		return err
	}
	s.API = "http://" + l.api.Addr().String()
	s.Provider, s.Cloudflare = port(l.provider), port(l.cloudflare)
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.server = &http.Server{Handler: s.control(api), ReadHeaderTimeout: 30 * time.Second}
	s.serving.Go(func() {
		if err := s.server.Serve(l.api); !errors.Is(err, http.ErrServerClosed) {
			o.Log.Error("serve the AWS API", "error", err)
		}
	})
	for _, p := range []struct {
		listener net.Listener
		provider provider.Provider
	}{{l.provider, provider.AWS()}, {l.cloudflare, provider.Cloudflare()}} {
		s.serving.Go(func() {
			if err := provider.Serve(ctx, p.listener, s.Account, p.provider); err != nil {
				o.Log.Error("serve the Pulumi engine", "error", err)
			}
		})
	}
	return nil
}

// Close stops everything. What is in the folder stays, and a simulator that is
// started on it goes on from there.
func (s *Sim) Close() {
	s.cancel()
	s.interruptions.close()
	_ = s.server.Close()
	if s.Machines != nil {
		s.Machines.Close()
	}
	s.serving.Wait()
	s.letGo()
}

// letGo ends what begins before anything is served.
func (s *Sim) letGo() {
	if s.certificates != nil {
		s.certificates.Close()
	}
	_ = s.held.Close()
}

// lock makes sure that no other simulator works in the folder. One that was told
// to end, or killed, lets go a moment after it seems to be gone.
func (s *Sim) lock(patience time.Duration) error {
	f, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("lock the simulator's folder: %w", err)
	}
	deadline := time.Now().Add(patience)
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			s.held = f
			return nil
		}
		if time.Now().After(deadline) {
			_ = f.Close()
			return fmt.Errorf("another simulator works in %s: %w", s.dir, err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
