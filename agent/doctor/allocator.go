package doctor

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// clocksApart is how far the machine's clock may be from the allocator's: AWS refuses what
// was signed more than five minutes away, and certificates count from a time on.
const clocksApart = time.Minute

// allocator looks whether the allocator is reached as the agent reaches it.
func (m Machine) allocator(ctx context.Context) []Finding {
	seen := &dates{next: m.HTTP.Transport}
	client := &api.Client{URL: m.URL, HTTP: &http.Client{Transport: seen, Timeout: m.HTTP.Timeout, CheckRedirect: m.HTTP.CheckRedirect}, UserAgent: "lablink-agent/" + m.Version}
	before := m.Now()
	ready, err := client.Ready(ctx)
	if err != nil {
		return []Finding{m.unreached(err)}
	}
	out := []Finding{ok("allocator", "%s: %s", m.URL, understood(ready))}
	return append(out, clock(before, seen.date), m.tunnel(ctx))
}

// dates remembers when an answer was given, by the clock of who gave it.
type dates struct {
	next http.RoundTripper
	date string
}

func (d *dates) RoundTrip(r *http.Request) (*http.Response, error) {
	next := d.next
	if next == nil {
		next = http.DefaultTransport
	}
	res, err := next.RoundTrip(r)
	if err == nil {
		d.date = res.Header.Get("Date")
	}
	return res, err
}

// unreached says why an allocator is not reached, and what to do.
func (m Machine) unreached(err error) Finding {
	const check = "allocator"
	var name *net.DNSError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &name):
		return wrong(check, "check the address, and this machine's name server (/etc/resolv.conf)", "the name %s is not known here: %s", name.Name, name.Err)
	case errors.As(err, &authority):
		return wrong(check, "check that nothing stands between that reads what is sent; a deployment with its own certificate needs --trust", "the certificate is not of an authority that this machine trusts")
	case errors.As(err, &host):
		return wrong(check, "use the address that staff gave you, or --tls-name", "the certificate is for another name: %s", host)
	case errors.As(err, &invalid):
		return wrong(check, "set this machine's clock, or tell staff that the certificate is over", "the certificate does not count now: %s", invalid)
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return wrong(check, "use http:// where the deployment has no TLS", "it does not speak TLS")
	case api.CodeOf(err) != "":
		return wrong(check, "check the address: something else answers there, or the allocator is starting", "it does not answer as an allocator does: %s", err)
	}
	return wrong(check, "check the address, and that this machine may reach it: a firewall or a proxy (HTTPS_PROXY) may stand between", "it is not reached: %s", err)
}

// clock compares this machine's clock with the allocator's, which tells whole seconds.
func clock(here time.Time, date string) Finding {
	there, err := http.ParseTime(date)
	if err != nil {
		return wrong("clock", "compare it by hand: date -u", "the allocator does not tell the time")
	}
	apart := here.Sub(there).Round(time.Second)
	if apart.Abs() > clocksApart {
		return wrong("clock", "let it be set by the network: timedatectl set-ntp true", "it is %s from the allocator's", apart)
	}
	return ok("clock", "it is that of the allocator")
}

// tunnel looks whether a WebSocket comes through. Nobody's secret is shown, so that an
// allocator refuses it: what answers otherwise is something else.
func (m Machine) tunnel(ctx context.Context) Finding {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(m.URL, "/")+api.TunnelPath("agt_doctor"), nil)
	if err != nil {
		return wrong("tunnel", "check the address", "%s", err)
	}
	for key, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "ZG9jdG9yLWRvY3Rvci0xMg=="} {
		req.Header.Set(key, value)
	}
	res, err := m.HTTP.Do(req)
	if err != nil {
		return wrong("tunnel", "let WebSockets through what stands between", "a WebSocket to the allocator is cut: %s", err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
	if res.StatusCode != http.StatusUnauthorized {
		return wrong("tunnel", "let WebSockets through what stands between", "something else than the allocator answers a WebSocket: %s", fmt.Sprint(res.Status))
	}
	return ok("tunnel", "the allocator can be asked for one")
}
