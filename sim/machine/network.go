package machine

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"strconv"
	"sync"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

// awsName is the name under which machines reach the AWS API. Like everything
// outside a machine it is reached through the machine's way out.
const awsName = "aws.simulated"

// wayOut is the machine's network: it carries a connection where routes and
// security groups let it pass, and says what stands in the way otherwise.
func (m *Machine) wayOut(w http.ResponseWriter, r *http.Request) {
	if r.URL.Hostname() == awsName {
		m.aws(w, r)
		return
	}
	self := cloud.Peer{Instance: m.instance.ID}
	port, err := strconv.Atoi(r.URL.Port())
	if err != nil {
		port = 80
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return m.host.dial(ctx, self, r.URL.Hostname(), port)
	}
	if r.Method == http.MethodConnect {
		m.connect(w, r, dial)
		return
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(p *httputil.ProxyRequest) { p.Out.Host = p.In.Host },
		Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, "simulated network: "+err.Error(), http.StatusBadGateway)
		},
		FlushInterval: -1,
	}
	proxy.ServeHTTP(w, r)
}

// aws passes a call on to the AWS API, where the network lets it.
func (m *Machine) aws(w http.ResponseWriter, r *http.Request) {
	if err := m.host.account.Reach(cloud.Peer{Instance: m.instance.ID}, cloud.Peer{Address: cloud.AWSServices}, 443, wire.Service(r)); err != nil {
		http.Error(w, "simulated network: "+err.Error(), http.StatusBadGateway)
		return
	}
	m.host.opts.API.ServeHTTP(w, r)
}

// connect carries a connection that is encrypted end to end.
func (m *Machine) connect(w http.ResponseWriter, r *http.Request, dial func(context.Context, string, string) (net.Conn, error)) {
	out, err := dial(r.Context(), "tcp", r.Host)
	if err != nil {
		http.Error(w, "simulated network: "+err.Error(), http.StatusBadGateway)
		return
	}
	defer out.Close()
	w.WriteHeader(http.StatusOK)
	in, ahead, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer in.Close()
	join(readAhead{in, ahead.Reader}, out)
}

// readAhead is a connection of which something was read before: what its other end has said as
// soon as it had the answer.
type readAhead struct {
	net.Conn
	said *bufio.Reader
}

// Read reads that first.
func (c readAhead) Read(p []byte) (int, error) { return c.said.Read(p) }

// join carries bytes both ways until one side ends.
func join(a, b net.Conn) {
	var both sync.WaitGroup
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_ = to.Close()
		_ = from.Close()
	}
	both.Go(func() { carry(a, b) })
	both.Go(func() { carry(b, a) })
	both.Wait()
}

// door is an address on this computer that leads to a port of a public address
// of the account, as if from an address on the internet.
type door struct {
	listener net.Listener
	open     sync.WaitGroup
}

// OpenDoor makes what listens on port of a public address, or of a load balancer's
// name, reachable at listen.
// Security groups decide over each connection, which comes from the address from,
// or from one that is nobody's when that is empty.
func (h *Host) OpenDoor(listen, from, address string, port int) error {
	from = cmp.Or(from, cloud.Internet)
	if _, err := netip.ParseAddr(from); err != nil {
		return fmt.Errorf("open a door at %s: from where people come: %w", listen, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if old := h.doors[listen]; old != nil {
		old.close()
		delete(h.doors, listen)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("open a door at %s: %w", listen, err)
	}
	d := &door{listener: l}
	h.doors[listen] = d
	d.open.Go(func() { h.admit(d, from, address, port) })
	return nil
}

func (h *Host) admit(d *door, from, address string, port int) {
	for {
		in, err := d.listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer in.Close()
			out, err := h.dial(context.Background(), cloud.Peer{Address: from}, address, port)
			if err != nil {
				h.opts.Log.Debug("a connection from the internet was not let in", "from", from, "address", address, "port", port, "error", err)
				return
			}
			join(in, out)
		}()
	}
}

func (d *door) close() {
	_ = d.listener.Close()
	d.open.Wait()
}
