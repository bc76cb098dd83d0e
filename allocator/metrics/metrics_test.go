package metrics_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/metrics"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the list of names anew")

const names = "testdata/names.txt"

// measured is an allocator whose metrics are asked.
func measured(t *testing.T) (*allocatortest.World, *metrics.Metrics, *httptest.Server) {
	t.Helper()
	w := allocatortest.New(t)
	m := metrics.New("v1", strings.Repeat("a", 64))
	w.Meter = m
	server := httptest.NewServer(m.Handler(metrics.State{
		Census: w.Store.Census, Tunnels: func() int { return 3 }, Pools: w.Pools, Now: w.Now, Log: slog.New(slog.DiscardHandler),
		Jobs: func(context.Context) (map[string]int, error) { return map[string]int{"available": 2}, nil },
	}))
	t.Cleanup(func() {
		server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return w, m, server
}

// scrape asks, as Prometheus does, and returns the lines of LabLink's own.
func scrape(t *testing.T, server *httptest.Server) []string {
	t.Helper()
	res, err := http.Get(server.URL)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	var text strings.Builder
	_, err = io.Copy(&text, res.Body)
	require.NoError(t, err)
	problems, err := promlint.New(strings.NewReader(text.String())).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
	return slices.DeleteFunc(strings.Split(text.String(), "\n"), func(l string) bool { return !strings.Contains(l, "lablink_") })
}

func TestTheNamesAreTheOnesThatAreTold(t *testing.T) {
	w, m, server := measured(t)
	useAll(t, w, m)
	var got []string
	for _, line := range scrape(t, server) {
		if kind, is := strings.CutPrefix(line, "# TYPE "); is {
			got = append(got, kind)
		}
	}
	slices.Sort(got)
	text := strings.Join(got, "\n") + "\n"
	if *update {
		require.NoError(t, os.WriteFile(names, []byte(text), 0o644))
	}
	want, err := os.ReadFile(names)
	require.NoError(t, err)
	require.Equal(t, string(want), text, "names are a contract; run this test with -update if that is meant, and mend docs/operations.md")
	docs, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	for _, line := range got {
		require.Contains(t, string(docs), "`"+strings.Fields(line)[0], "it is not documented")
	}
}

// useAll makes everything happen that is counted.
func useAll(t *testing.T, w *allocatortest.World, m *metrics.Metrics) {
	t.Helper()
	w.EC2.Capacity = func(int) int { return 1 }
	ws, _ := w.Open(t, 2)
	w.RunAll(t)
	w.Boot(t, w.Machines(t, ws)[0])
	for _, email := range []string{"ann@example.org", "bob@example.org", "no address"} {
		_, _ = w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: email}, "")
	}
	w.Time = w.Time.Add(time.Minute)
	m.Committed(time.Millisecond)
	for _, a := range []struct {
		route  string
		status int
	}{{"GET /readyz", 200}, {"GET /assets/", 0}, {"", 404}, {"/", 404}, {"POST /api/v1/seats", 999}} {
		m.Answered(a.route, a.status)
	}
}

func TestWhatThereIsAndHappensIsCounted(t *testing.T) {
	w, m, server := measured(t)
	useAll(t, w, m)
	m.Reported("made up by an agent")
	lines := scrape(t, server)
	for _, want := range []string{
		`lablink_machines{pool="gpu",state="assigned"} 1`,
		`lablink_machines{pool="gpu",state="ready"} 0`,
		`lablink_seats{state="assigned"} 1`,
		`lablink_seats{state="queued"} 1`,
		`lablink_queue_seats 1`,
		`lablink_queue_oldest_wait_seconds 60`,
		`lablink_operations{kind="launch",state="running"} 1`,
		`lablink_operations{kind="terminate",state="failed"} 0`,
		`lablink_claim_duration_seconds_count{outcome="assigned"} 1`,
		`lablink_claim_duration_seconds_count{outcome="queued"} 1`,
		`lablink_claim_duration_seconds_count{outcome="invalid"} 1`,
		`lablink_reports_total{health="healthy"} 1`,
		`lablink_reports_total{health="other"} 1`,
		`lablink_tunnels 3`,
		`lablink_jobs{state="available"} 2`,
		`lablink_store_up 1`,
		`lablink_store_commit_duration_seconds_count 1`,
		`lablink_http_requests_total{route="GET /readyz",status="2xx"} 1`,
		`lablink_http_requests_total{route="GET /assets/",status="2xx"} 1`,
		`lablink_http_requests_total{route="none",status="4xx"} 1`,
		`lablink_http_requests_total{route="POST /api/v1/seats",status="other"} 1`,
		`lablink_build_info{release="` + strings.Repeat("a", 64) + `",version="v1"} 1`,
	} {
		require.Contains(t, lines, want)
	}
	refused := slices.ContainsFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, `lablink_launch_refusals_total{reason="capacity"}`)
	})
	require.True(t, refused, "EC2 gave one machine of two: %v", lines)
	for _, line := range lines {
		require.NotContains(t, line, "example.org", "a label is no address")
		require.NotRegexp(t, `"(wks|mch|sea|op|agt)_`, line, "a label is no id")
	}
}

func TestWhoWaitsBeforeTheBeginIsNotKeptWaiting(t *testing.T) {
	w, _, server := measured(t)
	starts := w.Time.Add(time.Hour)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, StartsAt: &starts})
	require.NoError(t, err)
	_, err = w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	lines := scrape(t, server)
	require.Contains(t, lines, `lablink_seats{state="queued"} 1`)
	require.Contains(t, lines, `lablink_queue_seats 0`)
	require.Contains(t, lines, `lablink_queue_oldest_wait_seconds 0`)
	w.Time = starts.Add(5 * time.Second)
	require.Contains(t, scrape(t, server), `lablink_queue_oldest_wait_seconds 5`)
}

func TestMetricsAreToldWhenTheDatabaseIsAway(t *testing.T) {
	m := metrics.New("v1", "")
	server := httptest.NewServer(m.Handler(metrics.State{
		Census: func(context.Context, time.Time) (allocator.Census, error) {
			return allocator.Census{}, errors.New("it is away")
		},
		Tunnels: func() int { return 1 }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}))
	defer server.Close()
	lines := scrape(t, server)
	require.Contains(t, lines, "lablink_store_up 0")
	require.Contains(t, lines, "lablink_tunnels 1")
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}
