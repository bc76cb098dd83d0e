package system

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/authority"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// internet is the simulated one, as what runs in the test's own process sees it:
// names are what its DNS says, and its addresses are reached by doors.
type internet struct {
	account  *control.Client
	resolver *net.Resolver
	edge     string // where Cloudflare answers on this computer; "" where it does not

	mu    sync.Mutex
	doors map[string]string // by address and port
}

func (e *engine) internet(t *testing.T) *internet {
	t.Helper()
	state, err := e.account.State(t.Context())
	require.NoError(t, err)
	return &internet{account: e.account, resolver: authority.Resolver(state.DNS), doors: map[string]string{}}
}

// dial reaches a port of a name or of an address.
func (i *internet) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	found, err := i.resolver.LookupNetIP(ctx, "ip4", host)
	if err != nil {
		return nil, err
	}
	at, err := i.door(ctx, found[0], port)
	if err != nil {
		return nil, err
	}
	var d net.Dialer
	return d.DialContext(ctx, network, at)
}

func (i *internet) door(ctx context.Context, address netip.Addr, port string) (string, error) {
	if address.String() == cloud.CloudflareEdge && i.edge != "" {
		return i.edge, nil
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	to := net.JoinHostPort(address.String(), port)
	if known, ok := i.doors[to]; ok {
		return known, nil
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return "", err
	}
	at, err := nextAddress()
	if err != nil {
		return "", err
	}
	if err := i.account.OpenDoor(ctx, control.Door{Listen: at, Address: address.String(), Port: number}); err != nil {
		return "", fmt.Errorf("open a door to %s: %w", to, err)
	}
	i.doors[to] = at
	return at, nil
}
