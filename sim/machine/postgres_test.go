package machine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestADatabaseTakesItsPasswordByTLSAloneAndKeepsItsData(t *testing.T) {
	account, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Now: time.Now})
	require.NoError(t, err)
	d := cloud.Database{ID: "db-1", Name: "lablink", User: "lab", Password: "right", Address: "db.example.org", Port: 5432}
	certificate, key, err := account.DatabaseCertificate(d)
	require.NoError(t, err)
	roots, err := account.RDSRoots()
	require.NoError(t, err)
	pool := x509.NewCertPool()
	require.True(t, pool.AppendCertsFromPEM(roots))

	folder := filepath.Join(t.TempDir(), "database")
	start := func() *postgres {
		server, err := startPostgres(t.Context(), folder, d, certificate, key)
		require.NoError(t, err)
		return server
	}
	server := start()
	t.Cleanup(func() { server.stop() })
	connect := func(password string, secure *tls.Config) (*pgx.Conn, error) {
		c, err := pgx.ParseConfig("postgres://lab@" + server.address + "/lablink?sslmode=disable")
		require.NoError(t, err)
		c.Password, c.TLSConfig = password, secure
		return pgx.ConnectConfig(t.Context(), c)
	}
	name := &tls.Config{RootCAs: pool, ServerName: d.Address}
	require.Eventually(t, func() bool { // it takes connections before it is up
		conn, err := connect("right", name)
		if err != nil {
			return false
		}
		_, err = conn.Exec(t.Context(), "CREATE TABLE kept (x TEXT)")
		return err == nil && conn.Close(t.Context()) == nil
	}, time.Minute, 50*time.Millisecond)
	_, err = connect("wrong", name)
	require.ErrorContains(t, err, "password authentication failed")
	_, err = connect("right", nil)
	require.ErrorContains(t, err, "no pg_hba.conf entry")
	_, err = connect("right", &tls.Config{RootCAs: pool, ServerName: "other.example.org"})
	require.ErrorContains(t, err, "certificate is valid for db.example.org")

	server.stop()
	server = start()
	require.Eventually(t, func() bool {
		conn, err := connect("right", name)
		if err != nil {
			return false
		}
		defer conn.Close(context.Background())
		_, err = conn.Exec(t.Context(), "INSERT INTO kept VALUES ('still there')")
		return err == nil
	}, time.Minute, 50*time.Millisecond)
}
