package machine

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// balancers answer in the place of the account's load balancers.
type balancers struct {
	host   *Host
	server *http.Server
	taken  *handover
	stop   context.CancelFunc

	mu      sync.Mutex
	health  map[cloud.Target]*health
	turn    int
	running sync.WaitGroup
}

func newBalancers(h *Host) *balancers {
	b := &balancers{host: h, taken: newHandover(), health: map[cloud.Target]*health{}}
	b.server = &http.Server{
		Handler: b, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(h.opts.Log.Handler(), slog.LevelDebug),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			if secure, ok := c.(*tls.Conn); ok {
				c = secure.NetConn()
			}
			return context.WithValue(ctx, entranceKey{}, c.(*entering).Entrance)
		},
	}
	return b
}

// start serves, and watches the health of targets at each tick.
func (b *balancers) start(ticks <-chan time.Time) {
	var ctx context.Context
	ctx, b.stop = context.WithCancel(context.Background())
	b.running.Go(func() { b.watch(ctx, ticks) })
	b.running.Go(func() {
		if err := b.server.Serve(b.taken); !errors.Is(err, http.ErrServerClosed) {
			b.host.opts.Log.Error("serve load balancers", "error", err)
		}
	})
}

func (b *balancers) close() {
	b.stop()
	_ = b.server.Close()
	b.running.Wait()
}

// connect opens a connection to a load balancer, if from may reach it.
func (b *balancers) connect(ctx context.Context, from cloud.Peer, arn string, port int) (net.Conn, error) {
	e, err := b.host.account.EnterBalancer(from, arn, port)
	if err != nil {
		return nil, err
	}
	secure, err := b.host.account.BalancerTLS(e)
	if err != nil {
		return nil, err
	}
	outer, inner := net.Pipe()
	var c net.Conn = &entering{inner, e}
	if secure != nil {
		c = tls.Server(c, secure)
	}
	if err := b.taken.give(ctx, c); err != nil {
		return nil, errors.Join(err, outer.Close(), inner.Close())
	}
	return outer, nil
}

// ServeHTTP does with a request what the listener says.
func (b *balancers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	e := r.Context().Value(entranceKey{}).(cloud.Entrance)
	f, err := b.host.account.Forward(e)
	switch {
	case err != nil: // the listener is gone meanwhile
		refuse(w, http.StatusServiceUnavailable, err)
	case f.Redirect != nil:
		code, _ := strconv.Atoi(strings.TrimPrefix(f.Redirect.StatusCode, "HTTP_")) // the account knows two
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		w.Header().Set("Server", serverName)
		w.Header().Set("Location", f.Redirect.Location(f.Protocol, host, strconv.Itoa(e.Port), r.URL.EscapedPath(), r.URL.RawQuery))
		w.WriteHeader(code)
	case len(f.Targets) == 0:
		refuse(w, http.StatusServiceUnavailable, errors.New("the target group has no registered targets"))
	default:
		b.pass(w, r, e, f)
	}
}

// pass passes a request on to a target, and what comes back.
func (b *balancers) pass(w http.ResponseWriter, r *http.Request, e cloud.Entrance, f cloud.Forwarding) {
	target := b.choose(f.Targets)
	proxy := &httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host, p.Out.Host = "http", target.Instance, p.In.Host
			forwarded(p, e, f)
		},
		Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return b.dial(ctx, e.Balancer, target)
		}},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			status := http.StatusBadGateway
			if errors.As(err, new(noWay)) {
				status = http.StatusGatewayTimeout
			}
			refuse(w, status, err)
		},
		ErrorLog: b.server.ErrorLog, FlushInterval: -1,
	}
	proxy.ServeHTTP(w, r)
}

// validHeader is a header that is passed on where invalid ones are dropped.
var validHeader = regexp.MustCompile(`^[-A-Za-z0-9]+$`)

// forwarded adds who asked, and how. What the request said of that before stays in
// front; whether it came over TLS, and to which port, is not the request's to say.
func forwarded(p *httputil.ProxyRequest, e cloud.Entrance, f cloud.Forwarding) {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host"} { // which a ReverseProxy takes away
		if values := p.In.Header.Values(name); len(values) > 0 {
			p.Out.Header[name] = []string{strings.Join(values, ", ")}
		}
	}
	from := e.Source
	if before := p.Out.Header.Get("X-Forwarded-For"); before != "" {
		from = before + ", " + from
	}
	p.Out.Header.Set("X-Forwarded-For", from)
	p.Out.Header.Set("X-Forwarded-Proto", strings.ToLower(f.Protocol))
	p.Out.Header.Set("X-Forwarded-Port", strconv.Itoa(e.Port))
	maps.DeleteFunc(p.Out.Header, func(name string, _ []string) bool {
		return f.DropInvalidHeaders && !validHeader.MatchString(name)
	})
}

// noWay is why a load balancer does not reach a target: on AWS its packets are lost.
type noWay struct{ error }

// dial opens a connection from a load balancer to a target.
func (b *balancers) dial(ctx context.Context, balancer string, t cloud.Target) (net.Conn, error) {
	from, err := b.host.account.ReachTarget(balancer, t.Instance, t.Port)
	if err != nil {
		return nil, noWay{err}
	}
	return b.host.knock(ctx, from, t.Instance, t.Port)
}

// serverName is what a load balancer calls itself where it answers itself.
const serverName = "awselb/2.0"

func refuse(w http.ResponseWriter, status int, err error) {
	w.Header().Set("Server", serverName)
	http.Error(w, "simulated load balancer: "+err.Error(), status)
}

// entering is a connection to a load balancer, from an address of the simulated
// network.
type entering struct {
	net.Conn
	cloud.Entrance
}

type entranceKey struct{}

// RemoteAddr is the address that the load balancer sees.
func (c *entering) RemoteAddr() net.Addr {
	addr, _ := netip.ParseAddr(c.Source) // the account's own
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 0))
}

// handover is a listener of connections that are handed over.
type handover struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func newHandover() *handover {
	return &handover{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// give hands a connection over to who accepts.
func (l *handover) give(ctx context.Context, c net.Conn) error {
	select {
	case l.conns <- c:
		return nil
	case <-l.closed:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Accept waits for the next connection.
func (l *handover) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *handover) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *handover) Addr() net.Addr { return &net.UnixAddr{Name: "load balancers", Net: "unix"} }
