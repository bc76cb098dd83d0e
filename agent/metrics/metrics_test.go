package metrics_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/gpu/gputest"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
	"github.com/talmolab/lablink-infrastructure/agent/metrics"
	"github.com/talmolab/lablink-infrastructure/api"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func scrape(t *testing.T, m metrics.Machine) string {
	t.Helper()
	w := httptest.NewRecorder()
	metrics.Handler(m).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, 200, w.Code, w.Body)
	return w.Body.String()
}

func TestMetricsTellWhatTheLastLookFound(t *testing.T) {
	injector := inject.New(gputest.New(gputest.T4("GPU-a"), gputest.A10G("GPU-b")))
	m := agent.NewMachine(injector, agent.About{}, func() time.Time { return noon })
	assert.Empty(t, scrape(t, m), "nobody looked yet")
	gputest.Watch(t, m)
	before := scrape(t, m)
	for _, want := range []string{
		`lablink_agent_health{health="healthy"} 1`, `lablink_agent_health{health="unhealthy"} 0`,
		`lablink_agent_last_look_timestamp_seconds 1.7778960e+09`,
		`lablink_gpu_utilization_ratio{gpu="0",model="Tesla T4",uuid="GPU-a"} 0.05`,
		`lablink_gpu_temperature_celsius{gpu="1",model="NVIDIA A10G",uuid="GPU-b"} 55`,
		`lablink_gpu_power_watts{gpu="0",model="Tesla T4",uuid="GPU-a"} 61.5`,
		`lablink_gpu_memory_size_bytes{gpu="0",model="Tesla T4",uuid="GPU-a"} 2.5769803776e+10`,
		`lablink_gpu_pcie_link_width{gpu="0",model="Tesla T4",uuid="GPU-a"} 8`,
		`lablink_gpu_ecc_errors_total{gpu="0",kind="corrected",model="Tesla T4",uuid="GPU-a"} 1`,
	} {
		assert.Contains(t, before, strings.Replace(want, "1.7778960e+09", "1.777896e+09", 1))
	}
	gputest.Suffer(t, injector, m, gputest.Case{Inject: []inject.Order{{Fault: "xid", Value: "79"}}})
	assert.Contains(t, scrape(t, m), `lablink_agent_health{health="healthy"} 1`, "a scrape asks the GPUs nothing")
	m.Status()
	after := scrape(t, m)
	assert.Contains(t, after, `lablink_agent_health{health="unhealthy"} 1`)
	assert.Contains(t, after, `lablink_gpu_xid_errors_total{gpu="0",model="Tesla T4",uuid="GPU-a",xid="79"} 1`)
	problems, err := promlint.New(strings.NewReader(after)).Lint()
	require.NoError(t, err)
	assert.Empty(t, problems)
}

func TestMetricsAreForThisMachineAlone(t *testing.T) {
	for _, good := range []string{"127.0.0.1:9478", "[::1]:0"} {
		assert.NoError(t, metrics.Address(good))
	}
	for _, bad := range []string{":9478", "0.0.0.0:9478", "10.0.0.1:9478", "127.0.0.1", "localhost:9478"} {
		assert.ErrorContains(t, metrics.Address(bad), "give a loopback address with a port, for example 127.0.0.1:9478")
	}
}

func TestAnAddressThatIsTakenIsToldAndNothingElse(t *testing.T) {
	taken := httptest.NewServer(nil)
	defer taken.Close()
	var log strings.Builder
	metrics.Serve(t.Context(), taken.Listener.Addr().String(), nil, slog.New(slog.NewTextHandler(&log, nil)))
	assert.Contains(t, log.String(), "choose another address by --metrics")
	ctx, stop := context.WithCancel(t.Context())
	stop()
	metrics.Serve(ctx, "127.0.0.1:0", nil, slog.New(slog.NewTextHandler(io.Discard, nil))) // ends with its context
}

// somebodys is a machine that somebody works on.
type somebodys struct{}

func (somebodys) Last() (api.Status, bool) {
	return api.Status{
		At: noon, Health: api.Degraded, Reason: "ann's program", Note: "ann's note", Version: "anns",
		Inventory: api.Inventory{Driver: "anns", GPUs: []api.GPU{{UUID: "GPU-a", Model: "Tesla T4", Memory: 1}}},
		Session:   &api.SessionStatus{ID: "sea_anns-1", Trouble: "ann's disk is full"},
		Setup:     &api.SetupStatus{},
	}, true
}

func (somebodys) Counts() []gpu.Counted { return nil }

// Whoever works on a machine can read its metrics, also of who was there before.
func TestMetricsTellNothingOfWhoWorks(t *testing.T) {
	told := scrape(t, somebodys{})
	require.Contains(t, told, "GPU-a")
	require.NotContains(t, told, "ann")
}

func TestWhoMakesManyConnectionsTakesNoMoreRoom(t *testing.T) {
	said := make(chan string, 10)
	log := slog.New(slog.NewTextHandler(lines(said), nil))
	ctx, stop := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() { metrics.Serve(ctx, "127.0.0.1:0", somebodys{}, log) })
	defer serving.Wait()
	defer stop()
	_, at, _ := strings.Cut(<-said, "address=")
	at = strings.TrimSpace(at)
	var held []net.Conn
	for range 9 {
		c, err := net.Dial("tcp", at)
		require.NoError(t, err)
		defer c.Close()
		held = append(held, c)
	}
	require.NoError(t, held[8].SetReadDeadline(time.Now().Add(time.Minute)))
	_, err := held[8].Read(make([]byte, 1))
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "it is closed, and not kept")
	require.NoError(t, held[0].Close())
	require.Eventually(t, func() bool {
		res, err := http.Get("http://" + at + "/metrics")
		return err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK
	}, time.Minute, 10*time.Millisecond)
}

// lines are what a log says.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	l <- string(p)
	return len(p), nil
}
