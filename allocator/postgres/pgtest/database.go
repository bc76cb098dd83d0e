package pgtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
)

var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// template is the database that others are made of: it has the newest schema.
const template = "lablink_template"

// Database makes an empty database on the server of this test binary, which is
// started when the first test asks. The database goes when the test ends.
func Database(t testing.TB) postgres.Config {
	t.Helper()
	shared.Lock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = startShared()
	}
	shared.Unlock()
	require.NoError(t, shared.err)
	return shared.server.Database(t)
}

// Database makes an empty database, which goes when the test ends.
func (s *Server) Database(t testing.TB) postgres.Config {
	t.Helper()
	name := fmt.Sprintf("lablink_%d", s.count.Add(1))
	require.NoError(t, s.admin(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template))
	t.Cleanup(func() {
		require.NoError(t, s.admin(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"))
	})
	return s.Config(name)
}

// Clone makes a database that holds what another one does, which nobody uses meanwhile.
func (s *Server) Clone(t testing.TB, of postgres.Config) postgres.Config {
	t.Helper()
	name := fmt.Sprintf("lablink_%d", s.count.Add(1))
	require.NoError(t, s.admin(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+of.Name))
	t.Cleanup(func() {
		require.NoError(t, s.admin(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"))
	})
	return s.Config(name)
}

func startShared() (*Server, error) {
	ctx := context.Background()
	s, err := Start(ctx, Options{NoSync: true})
	if err != nil {
		return nil, err
	}
	if err := s.Prepare(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// Stop stops the server of this test binary, for the end of TestMain.
func Stop() error {
	if shared.server == nil {
		return nil
	}
	return shared.server.Stop()
}

// Prepare makes the database that others are made of.
func (s *Server) Prepare(ctx context.Context) error {
	if err := s.admin(ctx, "CREATE DATABASE "+template); err != nil {
		return err
	}
	store, err := postgres.Open(ctx, s.Config(template))
	if err != nil {
		return err
	}
	return store.Close()
}

// Config is how a database of the server is opened.
func (s *Server) Config(name string) postgres.Config {
	return postgres.Config{
		Host: s.dir, Name: name, Log: slog.New(slog.DiscardHandler),
		Login: func(context.Context, bool) (string, string, error) { return User, "", nil },
	}
}

// admin runs a statement as who may do everything.
func (s *Server) admin(ctx context.Context, statement string) error {
	return s.pg(ctx, "psql", "-q", "-h", s.dir, "-U", User, "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c", statement)
}
