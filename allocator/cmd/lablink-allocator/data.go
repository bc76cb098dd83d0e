package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator/jobs"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlite"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// aliveInterval is how often an allocator looks for jobs of one that is gone.
const aliveInterval = 2 * time.Second

// proxyVariable names a proxy by which a simulated machine reaches its database.
const proxyVariable = "LABLINK_DATABASE_PROXY"

// checkDatabase refuses, before anything is opened, a database that this program
// cannot use: data would go where nobody looks for it.
func checkDatabase(d deployed.Database) error {
	switch {
	case d.Engine == deployed.SQLite:
		return nil
	case d.Engine != deployed.Postgres:
		return fmt.Errorf("this allocator stores in SQLite or PostgreSQL, and its settings say database.engine: %q", d.Engine)
	case d.Endpoint == "" || d.Name == "" || d.SecretARN == "":
		return errors.New("the settings say database.engine: postgres, and not which endpoint, name and secret; deploy again")
	}
	return nil
}

// openStore opens what keeps the data.
func (a *app) openStore(ctx context.Context) (err error) {
	if a.login == nil {
		a.store, err = sqlite.Open(ctx, filepath.Join(a.data, storeFile), a.log)
		return err
	}
	c, err := a.postgres()
	if err != nil {
		return err
	}
	if a.store, err = postgres.Open(ctx, c); err != nil {
		return err
	}
	a.leader, err = postgres.OpenLeader(c)
	return err
}

// openQueue opens what runs operations, and says who leads.
func (a *app) openQueue(ctx context.Context) (err error) {
	if a.login == nil {
		a.queue, err = jobs.Open(ctx, filepath.Join(a.data, jobsFile), a.service.Run, a.log)
	} else {
		a.service.Leader = a.leader
		err = a.openShared(ctx)
	}
	a.service.Queue = a.queue
	return err
}

func (a *app) openShared(ctx context.Context) error {
	c, err := a.postgres()
	if err != nil {
		return err
	}
	pool, err := postgres.Pool(ctx, c, jobs.Connections)
	if err != nil {
		return err
	}
	a.queue, err = jobs.OpenShared(ctx, pool, a.service.Run, time.Tick(aliveInterval), a.log)
	return err
}

// postgres says where the database is.
func (a *app) postgres() (postgres.Config, error) {
	d := a.settings.Database
	host, port, err := net.SplitHostPort(d.Endpoint)
	if err != nil {
		return postgres.Config{}, fmt.Errorf("read the endpoint of the database in the settings: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return postgres.Config{}, fmt.Errorf("read the port of the database in the settings: %w", err)
	}
	c := postgres.Config{Host: host, Port: number, Name: d.Name, Roots: d.Roots, Proxy: os.Getenv(proxyVariable), Login: a.login, Log: a.log}
	if c.Roots == "" && postgres.OfRDS(host) {
		c.Roots = a.rootsFile()
	}
	return c, nil
}

// rootsTime is how long it may take to fetch the certificates of RDS.
const rootsTime = 10 * time.Second

// rootsFile is where the certificates of RDS are kept: a rehearsal, which lies in the
// folder of the data, has those of the service.
func (a *app) rootsFile() string {
	if a.rehearsal {
		return filepath.Join(filepath.Dir(a.data), rootsFile)
	}
	return filepath.Join(a.data, rootsFile)
}

// fetchRoots brings the certificates of RDS, which no computer trusts by itself, up to
// date. Those of before do, where that fails, and for a rehearsal.
func (a *app) fetchRoots(ctx context.Context) error {
	host, _, err := net.SplitHostPort(a.settings.Database.Endpoint)
	if err != nil || a.settings.Database.Roots != "" || !postgres.OfRDS(host) {
		return nil // what is wrong with the endpoint is said where it is opened
	}
	ctx, cancel := context.WithTimeout(ctx, rootsTime)
	defer cancel()
	file := a.rootsFile()
	if _, err := os.Stat(file); err == nil && a.rehearsal {
		return nil
	}
	err = postgres.FetchRoots(ctx, http.DefaultClient, a.settings.Region, file, time.Now())
	if _, kept := os.Stat(file); err != nil && kept == nil {
		a.log.Warn("the certificates of RDS are those of before", "error", err)
		return nil
	}
	return err
}
