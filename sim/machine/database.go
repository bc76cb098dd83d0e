package machine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// makeTime is how long a database may take until it takes connections.
const makeTime = 2 * time.Minute

// databases are the PostgreSQL servers behind the account's RDS instances. Each is
// started when somebody first connects to it, on what is in its folder.
type databases struct {
	host *Host

	mu      sync.Mutex
	running map[string]*postgres
	closed  bool
}

// connect opens a connection to a database, if from may reach it.
func (x *databases) connect(ctx context.Context, from cloud.Peer, d cloud.Database, port int) (net.Conn, error) {
	if err := x.host.account.ReachDatabase(from, d, port); err != nil {
		return nil, err
	}
	server, err := x.server(d)
	if err != nil {
		return nil, err
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", server.address)
}

func (x *databases) server(d cloud.Database) (*postgres, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil, errors.New("the simulator is about to end")
	}
	if err := x.endDeleted(); err != nil {
		return nil, err
	}
	if server := x.running[d.ID]; server != nil {
		return server, nil
	}
	certificate, key, err := x.host.account.DatabaseCertificate(d)
	if err != nil {
		return nil, err
	}
	// Whoever asks first may not wait as long as it takes; others go on from there.
	ctx, cancel := context.WithTimeout(context.Background(), makeTime)
	defer cancel()
	server, err := startPostgres(ctx, x.folder(d.ID), d, certificate, key)
	if err != nil {
		return nil, fmt.Errorf("start the database %s: %w", d.Address, err)
	}
	if x.running == nil {
		x.running = map[string]*postgres{}
	}
	x.running[d.ID] = server
	return server, nil
}

func (x *databases) folder(id string) string { return filepath.Join(x.host.opts.Dir, "databases", id) }

// endDeleted ends what runs for instances that are not there any more.
func (x *databases) endDeleted() error {
	there := x.host.account.Databases()
	for id, server := range x.running {
		if slices.Contains(there, id) {
			continue
		}
		server.stop()
		delete(x.running, id)
		if err := os.RemoveAll(x.folder(id)); err != nil {
			return fmt.Errorf("remove the data of %s: %w", id, err)
		}
	}
	return nil
}

// close stops all of them.
func (x *databases) close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.closed = true
	var all sync.WaitGroup
	for server := range maps.Values(x.running) {
		all.Go(server.stop)
	}
	all.Wait()
}
