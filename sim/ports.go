package sim

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// listeners are what a simulator is reached by.
type listeners struct{ api, provider, cloudflare net.Listener }

// listen opens them. A port that nobody asked for is that of before, if it is
// free at the moment at which it is taken: to look first and to take it later
// would leave it to somebody else in between.
func (o Options) listen() (l listeners, err error) {
	var before control.Ports
	if o.Ports != "" {
		before, _ = control.ReadPorts(o.Ports) // there are none before the first time
	}
	defer func() {
		if err != nil {
			l.close()
		}
	}()
	for _, x := range []struct {
		into    *net.Listener
		asked   string
		before  int
		purpose string
	}{
		{&l.api, o.API, before.API, "the AWS API"},
		{&l.provider, o.Provider, before.Provider, "the Pulumi engine"},
		{&l.cloudflare, o.Cloudflare, before.Cloudflare, "the Pulumi engine"},
	} {
		address := or(x.asked, fmt.Sprintf("127.0.0.1:%d", x.before))
		opened, err := net.Listen("tcp", address)
		if x.asked == "" && errors.Is(err, syscall.EADDRINUSE) {
			opened, err = net.Listen("tcp", "127.0.0.1:0")
		}
		if err != nil {
			return l, fmt.Errorf("listen for %s: %w", x.purpose, err)
		}
		*x.into = opened
	}
	if o.Ports == "" {
		return l, nil
	}
	return l, control.Ports{API: port(l.api), Provider: port(l.provider), Cloudflare: port(l.cloudflare)}.Write(o.Ports)
}

func (l listeners) close() {
	for _, x := range []net.Listener{l.api, l.provider, l.cloudflare} {
		if x != nil {
			_ = x.Close()
		}
	}
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }
