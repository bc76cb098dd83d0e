package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/coreos/go-systemd/v22/daemon"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/allocator/boot"
	"github.com/talmolab/lablink-infrastructure/allocator/ec2"
	"github.com/talmolab/lablink-infrastructure/allocator/jobs"
	"github.com/talmolab/lablink-infrastructure/allocator/metrics"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/quotas"
	"github.com/talmolab/lablink-infrastructure/allocator/rates"
	"github.com/talmolab/lablink-infrastructure/allocator/readiness"
	"github.com/talmolab/lablink-infrastructure/allocator/secrets"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/allocator/sts"
	"github.com/talmolab/lablink-infrastructure/allocator/tunnel"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/allocator/work"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/api/price/live"
)

const (
	// reportInterval is how often agents report.
	reportInterval = 10 * time.Second
	// watchInterval is how often EC2 is asked how the machines are.
	watchInterval = 15 * time.Second
	// drainTime is how long requests may take to end when the allocator stops:
	// whoever comes meanwhile waits for the next process.
	drainTime = time.Second
	// arrivalTime is how much of that who came in just before may take to say what they want:
	// browsers keep connections ready that they may never use.
	arrivalTime = 300 * time.Millisecond
	// stepTime is how long a step of an operation may take to end by itself.
	stepTime = 500 * time.Millisecond
	// gcPercent is how much may be allocated between collections, of what is kept: with the
	// tunnels of a thousand agents it saves 20 MiB.
	gcPercent = 50
)

// The files in the folder of the data.
const (
	storeFile = "lablink.db"
	jobsFile  = "jobs.db"
	rootsFile = "rds-roots.pem"
)

type serveCommand struct {
	Settings string `help:"The settings file. Default: that of the current release."`
	Data     string `help:"The folder that keeps the data. Default: /var/lib/lablink."`
	Listen   string `help:"Listen here, without TLS, when no listener is passed in."`
	Peers    string `help:"Listen here for the other allocators of the deployment. Default: port 8443."`
	Rehearse string `placeholder:"SUM" help:"Show only that this release can serve: on the copy of the data, reached from this computer alone, and doing nothing."`
}

// Run serves until ctx ends.
func (c serveCommand) Run(ctx context.Context) error {
	debug.SetGCPercent(gcPercent)
	log := slog.Default()
	release := cmp.Or(c.Rehearse, host.Current())
	if c.Settings == "" {
		c.Settings = host.Path(boot.SettingsFile(release))
	}
	if c.Data == "" {
		c.Data = host.Path(boot.DataDir)
	}
	settings, err := readSettings(c.Settings)
	if err != nil {
		return err
	}
	if err := checkDatabase(settings.Database); err != nil {
		return err
	}
	if c.Rehearse != "" {
		if settings.Database.Engine == deployed.Postgres {
			if settings.Database.Name, err = readCopy(c.Data); err != nil {
				return err
			}
		}
		c.Data = boot.RehearsalDir(c.Data)
	}
	unlock, err := lockData(c.Data)
	if err != nil {
		return err
	}
	defer unlock()
	a := &app{settings: settings, data: c.Data, release: release, rehearsal: c.Rehearse != "", listenPeers: c.Peers, log: log}
	defer a.close()
	if err := a.open(ctx); err != nil {
		return err
	}
	return a.serve(ctx, c.Listen)
}

// app is the allocator, put together.
type app struct {
	settings deployed.Settings
	cloud    aws.Config
	data     string
	release  string
	// rehearsal is set where nothing may be done but to answer.
	rehearsal bool
	// listenPeers is where to listen for other allocators. Optional.
	listenPeers string
	log         *slog.Logger

	store   *sqlstore.Store
	queue   *jobs.Queue
	leader  *postgres.Leader // nil with SQLite
	login   postgres.Login   // nil with SQLite
	hub     *tunnel.Hub
	peers   peers
	service *allocator.Service
	rates   *rates.Rates
	guard   *access.Guard
	metrics *metrics.Metrics
	ec2     *readiness.Cloud
	clock   *readiness.Clock
	// programs are the agent's, for who downloads one.
	programs *boot.Programs
}

// open opens the data and brings back what was going on.
func (a *app) open(ctx context.Context) (err error) {
	if err := a.logIn(ctx); err != nil {
		return err
	}
	cloud := a.cloud
	if err := a.openStore(ctx); err != nil {
		return err
	}
	if err := a.markRestored(ctx); err != nil {
		return err
	}
	a.metrics = metrics.New(version, a.release)
	a.store.OnCommit(a.metrics.Committed)
	a.guard = access.New(a.store, time.Now)
	if err := a.ensureAdmin(ctx, cloud); err != nil {
		return err
	}
	a.programs = &boot.Programs{Objects: boot.GetObject(objects(cloud).GetObject), Release: a.release}
	a.rates, err = rates.New(ctx, a.settings.Region, a.settings.Pools, live.New(cloud, time.Now, live.Patience), a.store, a.log)
	if err != nil {
		return err
	}
	a.clock = readiness.NewClock()
	compute := ec2.New(ec2.Client(listenTo(cloud, a.clock)), a.settings, time.Now)
	a.ec2 = &readiness.Cloud{Compute: compute, Now: time.Now}
	a.hub = &tunnel.Hub{Log: a.log, OnChange: a.connected}
	a.service = &allocator.Service{
		Store: a.store, Compute: a.ec2, Shortages: compute, Tunnels: a.hub,
		Verifier: &sts.Verifier{
			Endpoint: stsEndpoint(a.settings.Region), Region: a.settings.Region, Audience: a.settings.Audience,
			AccountID: a.settings.AccountID, HTTP: &http.Client{Timeout: 10 * time.Second}, Now: time.Now,
		},
		Rates: a.rates, Quotas: quotas.New(cloud, time.Now), Budget: allocator.Budget{MonthlyUSD: float64(a.settings.Budget.MonthlyUSD), HardCap: a.settings.Budget.HardCap},
		Log: a.log, Now: time.Now, Clock: a.clock.Check, Meter: a.metrics, ReportInterval: reportInterval, Version: version, AgentRelease: a.agentRelease,
	}
	if a.settings.WorkBucket != "" {
		a.service.Work = work.New(objects(cloud), a.settings.WorkBucket, deployed.WorkFolder(a.settings.Deployment, a.settings.Environment))
	}
	a.service.Sessions = limitsOf(a.settings.Sessions)
	for _, p := range a.settings.Pools {
		a.service.Pools = append(a.service.Pools, allocator.Pool{Name: p.Name, InstanceTypes: p.InstanceTypes, MaxMachines: p.MaxMachines, MaxHourlyUSD: p.MaxHourlyUSD, Market: p.Market, Role: p.Role, Collect: p.Collect, Setup: setupOf(p)})
	}
	a.store.OnHold(a.service.SettleFor)
	if err := a.openQueue(ctx); err != nil {
		return err
	}
	if a.rehearsal {
		return nil
	}
	if err := a.openPeers(ctx); err != nil {
		return err
	}
	if err := a.queue.Start(ctx); err != nil {
		return err
	}
	return a.service.Resume(ctx)
}

// logIn finds out as whom AWS and the database are used.
func (a *app) logIn(ctx context.Context) (err error) {
	if a.cloud, err = loadAWS(ctx, a.settings.Region); err != nil {
		return err
	}
	if a.settings.Database.Engine == deployed.Postgres {
		secret := &secrets.Login{Client: secretsmanager.NewFromConfig(a.cloud), ARN: a.settings.Database.SecretARN}
		a.login = secret.Get
		return a.fetchRoots(ctx)
	}
	return nil
}

func limitsOf(s deployed.Sessions) allocator.SessionLimits {
	minutes := func(n int) time.Duration { return time.Duration(n) * time.Minute }
	return allocator.SessionLimits{Max: minutes(s.MaxMinutes), Idle: minutes(s.IdleMinutes), Warn: minutes(s.WarnMinutes)}
}

// ensureAdmin gives admin the stack's initial password at the first start.
func (a *app) ensureAdmin(ctx context.Context, cloud aws.Config) error {
	users, err := a.store.Users(ctx)
	if err != nil || len(users) > 0 {
		return err
	}
	initial, err := secrets.Read(ctx, secrets.Client(cloud), a.settings.AdminPasswordParameter)
	if err != nil {
		return err
	}
	return a.guard.Ensure(ctx, initial)
}

// connected keeps whether a machine's tunnel is up.
func (a *app) connected(machine, id string, up bool) {
	a.peers.keeper.Changed(machine, id, up)
	if up {
		a.service.Settle(machine) // what could not be told while it was away
	}
}

func stsEndpoint(region string) string {
	for _, name := range []string{"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL"} {
		if url := os.Getenv(name); url != "" {
			return url
		}
	}
	return "https://sts." + region + ".amazonaws.com"
}

// serve answers until ctx ends, then lets others take over and requests finish.
func (a *app) serve(ctx context.Context, listen string) error {
	stopping, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	started := time.Now()
	doors, err := a.openDoors(stopping, listen)
	if err != nil {
		return err
	}
	defer doors.close()
	checks := a.checks()
	if doors.certificate != nil {
		checks = append(checks, web.NamedCheck{Name: "certificate", Check: doors.certificate.Check})
	}
	config := web.Config{
		Service: a.service, Guard: a.guard, Sessions: a.store, Tunnel: a.hub.Serve, Machine: a.hub.Transport, Checks: checks,
		SignOn: a.signOn(), Version: version, Release: a.release, Rollout: a.rollout, Secure: doors.certificate != nil, Log: a.log,
		Deployed: a.settings, Facts: a.facts(started, doors.certificate), Agent: a.agentFile, Metrics: a.metrics.Handler(a.state()), Answered: a.metrics.Answered,
		TrustedProxies: a.settings.TrustedProxies, ClientAddressHeader: a.settings.ClientAddressHeader,
	}
	if a.settings.TLS.Mode == "acm" {
		config.Secure, config.BalancedDomain = true, a.settings.TLS.Domain
	}
	handler, err := web.New(stopping, config)
	if err != nil {
		return err
	}
	failed := doors.serve(handler, a.hub.Close)
	if err := os.WriteFile(boot.AddressFile(a.data), []byte(doors.own.Addr().String()), 0o644); err != nil {
		return fmt.Errorf("tell the host where the allocator answers: %w", err)
	}
	if !a.rehearsal {
		a.servePeers(stopping, failed)
		go a.rates.Keep(stopping)
		go a.service.Watch(stopping, a.watchTicks(stopping))
	}
	if _, err := daemon.SdNotify(false, daemon.SdNotifyReady); err != nil {
		return fmt.Errorf("tell systemd that the allocator is ready: %w", err)
	}
	a.log.Info("the allocator is ready", "version", version, "release", a.release)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	_, _ = daemon.SdNotify(false, daemon.SdNotifyStopping)
	a.drain()
	stop()
	return doors.shutdown(arrivalTime, drainTime)
}

// state is what metrics are told of at each look.
func (a *app) state() metrics.State {
	return metrics.State{
		Census: a.store.Census, Jobs: a.queue.Count, Tunnels: a.hub.Connected,
		Pools: a.service.Pools, Now: time.Now, Log: a.log,
	}
}

// rollout is what the host was told to run, for people to see.
func (a *app) rollout() api.Rollout {
	r, err := boot.Rollout()
	if err != nil {
		a.log.Error("what became of updates is not known", "error", err)
	}
	return r
}

// agentRelease is what agents are to run: what runs here, once the host has found it
// good, and the other hosts run it too.
func (a *app) agentRelease() string {
	if under, err := boot.Switching(); err != nil || under || a.peers.keeper == nil || !a.peers.keeper.Agreed() {
		return ""
	}
	return a.release
}

// close closes what was opened. A step of an operation that goes on is cut short,
// and done again by the next process.
func (a *app) close() {
	ctx, cancel := context.WithTimeout(context.Background(), stepTime)
	defer cancel()
	var err error
	if a.service != nil {
		a.service.Close()
	}
	if a.store != nil {
		err = a.closePeers(ctx)
	}
	if a.queue != nil {
		err = errors.Join(err, a.queue.Close(ctx))
	}
	if a.leader != nil {
		err = errors.Join(err, a.leader.Close())
	}
	if a.store != nil {
		err = errors.Join(err, a.store.Close())
	}
	if a.programs != nil {
		err = errors.Join(err, a.programs.Close())
	}
	if err != nil {
		a.log.Error("the allocator did not stop cleanly", "error", err)
	}
}
