package postgres

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
)

// throughProxy dials by a proxy that carries connections (CONNECT), as simulated
// machines reach what is outside.
func throughProxy(proxy string, d net.Dialer) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, _, addr string) (net.Conn, error) {
		conn, err := d.DialContext(ctx, "tcp", proxy)
		if err != nil {
			return nil, err
		}
		if err := ask(ctx, conn, addr); err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		return conn, nil
	}
}

// ask asks a proxy to carry a connection to an address.
func ask(ctx context.Context, conn net.Conn, addr string) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: addr}, Host: addr, Header: http.Header{}}
	if err := req.Write(conn); err != nil {
		return err
	}
	// The server speaks only when it is spoken to: nothing of it is read too early.
	res, err := http.ReadResponse(bufio.NewReaderSize(conn, 16), req)
	if err != nil {
		return err
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close()
		return fmt.Errorf("the proxy answers %s", res.Status)
	}
	return nil
}
