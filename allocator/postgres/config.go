package postgres

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sys/unix"
)

// Config says where the database is, and as whom it is opened.
type Config struct {
	// Host is a name, or the folder of a Unix socket. Required.
	Host string
	// Port is optional: 5432.
	Port int
	// Name is that of the database. Required.
	Name string
	// Roots is a file of certificates that the server's must lead to. Optional: those
	// that the computer trusts. A Unix socket has no TLS; anything else has.
	Roots string
	// Proxy is where a proxy listens by which the database is reached. Optional.
	Proxy string
	// Login says as whom. Required.
	Login Login
	Log   *slog.Logger
}

// Login returns user and password. It is called for each connection; when the
// server has just refused what it returned, with fresh set.
type Login func(ctx context.Context, fresh bool) (user, password string, err error)

const (
	// connectTime is how long it may take to connect.
	connectTime = 5 * time.Second
	// silentTime is how long the other end of a connection may be silent, where an
	// answer is due.
	silentTime = 10 * time.Second
)

// keepAlive finds out within seconds that a computer at the other end is gone.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 5 * time.Second, Interval: 2 * time.Second, Count: 3}

// common are the settings of every connection. The server frees what a computer
// held that is gone, and says that something is written only when it is.
var common = map[string]string{
	"application_name": "lablink-allocator", "synchronous_commit": "on",
	"tcp_keepalives_idle": "5", "tcp_keepalives_interval": "2", "tcp_keepalives_count": "3",
	"tcp_user_timeout": strconv.FormatInt(silentTime.Milliseconds(), 10),
}

// open opens at most limit connections with these settings beside the common ones.
func (c Config) open(limit int, settings map[string]string) (*sql.DB, error) {
	config, err := c.connection(settings)
	if err != nil {
		return nil, err
	}
	db := sql.OpenDB(newConnector(config, c.Login))
	db.SetMaxOpenConns(limit)
	db.SetMaxIdleConns(limit)
	return db, nil
}

// connection describes a connection, but for user and password.
func (c Config) connection(settings map[string]string) (*pgx.ConnConfig, error) {
	values := map[string]string{
		"host": c.Host, "port": strconv.Itoa(cmp.Or(c.Port, 5432)), "dbname": c.Name, "user": "nobody", "sslmode": "disable",
	}
	if !strings.HasPrefix(c.Host, "/") {
		values["sslmode"] = "verify-full"
		if c.Roots != "" {
			values["sslrootcert"] = c.Roots
		}
	}
	config, err := pgx.ParseConfig(words(values))
	if err != nil {
		return nil, fmt.Errorf("describe the connection to the database: %w", err)
	}
	config.ConnectTimeout = connectTime
	dialer := net.Dialer{Timeout: connectTime, KeepAliveConfig: keepAlive, Control: giveUp}
	config.DialFunc = dialer.DialContext
	if c.Proxy != "" { // which knows the name
		config.DialFunc = throughProxy(c.Proxy, dialer)
		config.LookupFunc = func(_ context.Context, host string) ([]string, error) { return []string{host}, nil }
	}
	config.RuntimeParams = maps.Clone(common)
	maps.Copy(config.RuntimeParams, settings)
	return config, nil
}

// words are settings as libpq reads them.
func words(values map[string]string) string {
	var out strings.Builder
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
	for name, value := range values {
		fmt.Fprintf(&out, "%s='%s' ", name, quote.Replace(value))
	}
	return out.String()
}

// giveUp makes a connection fail on which nothing that was sent is acknowledged.
func giveUp(network, _ string, raw syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var err error
	if outer := raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silentTime.Milliseconds()))
	}); outer != nil {
		return outer
	}
	return err
}
