package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// State is what there is: it is asked for whenever metrics are.
type State struct {
	Census func(ctx context.Context, now time.Time) (allocator.Census, error)
	// Jobs counts the jobs of the queue by state.
	Jobs func(ctx context.Context) (map[string]int, error)
	// Tunnels counts those that are up.
	Tunnels func() int
	Pools   []allocator.Pool
	Now     func() time.Time
	Log     *slog.Logger
}

// scrapeTime is how long one look may take.
const scrapeTime = 5 * time.Second

// Handler answers Prometheus. It is called once.
func (m *Metrics) Handler(s State) http.Handler {
	m.registry.MustRegister(&state{s})
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelWarn), ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4,
	})
}

// state collects a State.
type state struct{ State }

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

var (
	machines   = gauge("lablink_machines", "Machines that have not ended, by pool and state.", "pool", "state")
	seats      = gauge("lablink_seats", "Seats that have a machine or wait for one, by state.", "state")
	operations = gauge("lablink_operations", "Operations, by kind and state.", "kind", "state")
	waiting    = gauge("lablink_queue_seats", "Seats that wait for a machine in a workshop that has begun.")
	wait       = gauge("lablink_queue_oldest_wait_seconds", "How long the first of those waits already; 0 when none does.")
	jobs       = gauge("lablink_jobs", "Jobs of the queue that are still to run or were given up, by state.", "state")
	tunnels    = gauge("lablink_tunnels", "Tunnels of machines that are up.")
	readable   = gauge("lablink_store_up", "1 when the database could be asked for all of this, 0 otherwise.")
)

// Describe says what Collect collects.
func (s *state) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{machines, seats, operations, waiting, wait, jobs, tunnels, readable} {
		to <- d
	}
}

// Collect looks at what there is.
func (s *state) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	tell := func(d *prometheus.Desc, n float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, n, labels...)
	}
	tell(tunnels, float64(s.Tunnels()))
	census, err := s.Census(ctx, s.Now())
	queued := map[string]int{}
	if err == nil {
		queued, err = s.Jobs(ctx)
	}
	if err != nil {
		s.Log.Warn("what there is could not be counted for Prometheus", "error", err)
		tell(readable, 0)
		return
	}
	tell(readable, 1)
	s.fill(&census)
	for by, n := range census.Machines {
		tell(machines, float64(n), by.Pool, string(by.State))
	}
	for by, n := range census.Seats {
		tell(seats, float64(n), string(by))
	}
	for by, n := range census.Operations {
		tell(operations, float64(n), string(by.Kind), string(by.State))
	}
	for by, n := range queued {
		tell(jobs, float64(n), by)
	}
	tell(waiting, float64(census.Waiting))
	tell(wait, s.waited(census))
}

// waited is how long the first waits, in seconds.
func (s *state) waited(c allocator.Census) float64 {
	if c.WaitingSince.IsZero() {
		return 0
	}
	return s.Now().Sub(c.WaitingSince).Seconds()
}

// fill adds what there is none of, so that an alarm sees a 0 and not nothing.
func (s *state) fill(c *allocator.Census) {
	for _, p := range s.Pools {
		for _, state := range allocator.MachineStates() {
			if state != allocator.Terminated {
				c.Machines[allocator.MachineKey{Pool: p.Name, State: state}] += 0
			}
		}
	}
	for _, state := range []allocator.SeatState{allocator.SeatQueued, allocator.SeatAssigned} {
		c.Seats[state] += 0
	}
	for _, kind := range []allocator.OperationKind{allocator.Launch, allocator.Terminate} {
		for _, state := range []allocator.OperationState{allocator.Queued, allocator.Running, allocator.Succeeded, allocator.Failed} {
			c.Operations[allocator.OperationKey{Kind: kind, State: state}] += 0
		}
	}
}
