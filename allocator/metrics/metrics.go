package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Metrics counts what happens.
type Metrics struct {
	registry *prometheus.Registry
	claims   *prometheus.HistogramVec
	reports  *prometheus.CounterVec
	refused  *prometheus.CounterVec
	requests *prometheus.CounterVec
	commits  prometheus.Histogram
}

var _ allocator.Meter = (*Metrics)(nil)

// New makes metrics of an allocator of some version and release.
func New(version, release string) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		claims: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "lablink_claim_duration_seconds", Help: "How long claims of a seat took, by what became of them.",
			Buckets: []float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10},
		}, []string{"outcome"}),
		reports: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lablink_reports_total", Help: "Reports of agents, by the health that they told.",
		}, []string{"health"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lablink_launch_refusals_total", Help: "Refusals of EC2 to launch what was asked for, by reason.",
		}, []string{"reason"}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "lablink_http_requests_total", Help: "Requests that were answered, by the pattern of their route and the class of the status.",
		}, []string{"route", "status"}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "lablink_store_commit_duration_seconds", Help: "How long the database took to commit a batch of changes.",
			Buckets: []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5},
		}),
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "lablink_build_info", Help: "1, with the version and the release that run.",
		ConstLabels: prometheus.Labels{"version": version, "release": release},
	})
	build.Set(1)
	m.registry.MustRegister(m.claims, m.reports, m.refused, m.requests, m.commits, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Claimed counts a claim.
func (m *Metrics) Claimed(outcome string, took time.Duration) {
	m.claims.WithLabelValues(outcome).Observe(took.Seconds())
}

// Reported counts a report. What an agent says that is no health is "other".
func (m *Metrics) Reported(health api.Health) {
	if !slices.Contains([]api.Health{api.Healthy, api.Degraded, api.Unhealthy}, health) {
		health = "other"
	}
	m.reports.WithLabelValues(string(health)).Inc()
}

// Refused counts machines that could not be had somewhere.
func (m *Metrics) Refused(code api.Code) { m.refused.WithLabelValues(string(code)).Inc() }

// Committed counts a commit of the store.
func (m *Metrics) Committed(took time.Duration) { m.commits.Observe(took.Seconds()) }

// Answered counts a request. The route is a pattern of the server's, "" for none.
func (m *Metrics) Answered(route string, status int) {
	if route == "" {
		route = "none"
	}
	m.requests.WithLabelValues(route, class(status)).Inc()
}

// class is the class of a status, as 2xx. An answer without one is a good one.
func class(status int) string {
	classes := []string{"2xx", "1xx", "2xx", "3xx", "4xx", "5xx"}
	if status/100 >= len(classes) || status < 0 {
		return "other"
	}
	return classes[status/100]
}
