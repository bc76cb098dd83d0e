package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Address checks where to serve: an address of this machine alone and a port. Machines
// need no inbound port, and this opens none.
func Address(text string) error {
	at, err := netip.ParseAddrPort(text)
	if err != nil || !at.Addr().IsLoopback() {
		return fmt.Errorf("--metrics %q: give a loopback address with a port, for example 127.0.0.1:9478; nobody else reaches it", text)
	}
	return nil
}

// Handler answers GET /metrics.
func Handler(m Machine) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector{m})
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 2}))
	return mux
}

// atOnce is how many connections there may be: whoever works on the machine can make some.
const atOnce = 8

// bounded closes connections that are too many.
func bounded() func(net.Conn, http.ConnState) {
	var open atomic.Int64
	return func(c net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			open.Add(-1)
		}
		if state == http.StateNew && open.Add(1) > atOnce {
			_ = c.Close()
		}
	}
}

// Serve answers at address until ctx ends. What keeps it from that is told to log, and
// the agent goes on without.
func Serve(ctx context.Context, address string, m Machine, log *slog.Logger) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		log.Error("metrics are not served; choose another address by --metrics, or metrics in /etc/lablink/agent.json", "error", err)
		return
	}
	s := &http.Server{
		Handler: Handler(m), ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10,
		ConnState: bounded(),
		ErrorLog:  slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { _ = s.Close() })
	defer stop()
	log.Info("serving metrics", "address", l.Addr().String())
	if err := s.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		log.Error("metrics are served no longer", "error", err)
	}
}
