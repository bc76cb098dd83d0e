package tunnel_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/agent/internal/fakeallocator"
	"github.com/talmolab/lablink-infrastructure/agent/uplink"
)

// noGPU is a machine without NVIDIA's driver.
type noGPU struct{ gpu.NVML }

func (noGPU) Init() error { return gpu.ErrNoDriver }

// listen serves h at an address, which may have been served before.
func listen(t *testing.T, addr string, h http.Handler) *httptest.Server {
	l, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(h)
	require.NoError(t, s.Listener.Close())
	s.Listener = l
	s.Start()
	return s
}

func TestATunnelComesBackByItselfWhenTheAllocatorRestarts(t *testing.T) {
	a := fakeallocator.New()
	a.Know(known.AgentID, known.Secret)
	s := listen(t, "127.78.0.1:0", a) // where nobody else takes its port meanwhile
	addr := s.Listener.Addr().String()

	store := identity.NewStore(t.TempDir())
	require.NoError(t, store.Save(known))
	d := dialer(t, s.URL, echo)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	running := agent.New(agent.Config{
		Machine:    agent.NewMachine(noGPU{}, agent.About{}, time.Now),
		Allocator:  &uplink.Allocator{URL: s.URL, HTTP: d.HTTP},
		Identities: store,
		Dialer:     d,
		Now:        time.Now,
		Random:     rand.Float64,
		Log:        slog.New(slog.DiscardHandler),
	})
	go func() { ended <- running.Run(ctx) }()

	through := <-a.Tunnels()
	assert.Equal(t, "before", string(call(t, through, []byte("before"))))
	for range 2 {
		a.Close()
		s.CloseClientConnections()
		s.Close()
		<-through.Closed()

		s = listen(t, addr, a)
		through = <-a.Tunnels()
		assert.Equal(t, "after", string(call(t, through, []byte("after"))))
	}
	stop()
	assert.NoError(t, <-ended)
	a.Close()
	s.Close()
}
