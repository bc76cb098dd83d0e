package load

import (
	"log/slog"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// quantile of values, from 0 to 1.
func quantile(of []millis, q float64) float64 {
	slices.Sort(of)
	return float64(of[min(len(of)-1, int(q*float64(len(of))))])
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

func BenchmarkClaimsSQLite(b *testing.B)   { claims(b, deployed.SQLite) }
func BenchmarkClaimsPostgres(b *testing.B) { claims(b, deployed.Postgres) }

const (
	rooms = 5
	seats = 200
)

// claims has 200 people claim 200 machines that are ready, five times over, in one room
// after the other. A claim is done when it is answered and the session has begun on the
// machine's agent. What people and agents need of processors is counted apart, as they
// are on other computers: rates are those of the median room, in the share of the time
// that was left to the allocator and its database. Waits are told as they were, beside
// the load on the same computer, and as that share of them.
func claims(b *testing.B, engine string) {
	g := newGround(b, engine)
	store := g.store(b)
	var of []allocator.Workshop
	instances := map[string][]string{} // by workshop
	for _, name := range []string{"r0", "r1", "r2", "r3", "r4", "more"} {
		w, ids := g.stock(b, store, name, seats)
		of, instances[w.ID] = append(of, w), ids
	}
	require.NoError(b, store.Close())
	p, url := g.serve(b)
	come := func(w allocator.Workshop) *process {
		agents := start(b, "agents", g.crew(b, url, instances[w.ID]))
		require.Empty(b, order[agentsDone](b, agents, agentsOrder{Come: true, Width: 50}).Errors)
		return agents
	}
	people := start(b, "people", struct{}{})
	open := func(o peopleOrder) {
		o.URL = url
		require.Empty(b, order[peopleDone](b, people, o).Errors)
	}

	var rates, slow, raw []float64
	errors, double := 0, 0
	for i, w := range of[:rooms] {
		agents := come(w)
		open(peopleOrder{Code: w.JoinCode, People: seats, Room: i})
		used, load := p.used(b), agents.used(b)
		done := order[peopleDone](b, people, peopleOrder{Claim: true})
		began := order[agentsDone](b, agents, agentsOrder{Sessions: seats}).Began
		errors += len(done.Errors)
		double += seats - len(done.Seats)
		var took []millis
		last := done.Began
		for id, seat := range done.Seats {
			require.Equal(b, "assigned", seat.State, id)
			there := latest(seat.Answered, began[id])
			took, last = append(took, millis(there.Sub(seat.Asked).Seconds()*1000)), latest(last, there)
		}
		used, load = p.used(b)-used, agents.used(b)-load
		whole, apart := last.Sub(done.Began).Seconds(), (done.Used+load.Seconds())/float64(runtime.NumCPU())
		p99 := quantile(took, 0.99)
		b.Logf("%s: %d claims in %.0f ms, median %.0f ms; of %d processors people needed %.0f ms, agents %.0f ms, the allocator %.0f ms", engine, seats,
			whole*1000, quantile(took, 0.5), runtime.NumCPU(), done.Used*1000, load.Seconds()*1000, used.Seconds()*1000)
		agents.leave(b)
		rates, slow = append(rates, seats/(whole-apart)), append(slow, p99*(whole-apart)/whole)
		raw = append(raw, p99)
	}
	b.ReportMetric(median(rates), "claims_per_second_"+engine+":1/s")
	b.ReportMetric(median(raw), "claim_p99_"+engine+":ms")
	b.ReportMetric(median(slow), "claim_p99_apart_"+engine+":ms")

	come(of[rooms])
	open(peopleOrder{Code: of[rooms].JoinCode, People: 300, Room: rooms})
	more := order[peopleDone](b, people, peopleOrder{Claim: true})
	require.Empty(b, more.Errors)
	require.Len(b, more.Seats, 300)
	open(peopleOrder{Code: of[rooms].JoinCode, People: 10, Same: true, Room: rooms + 1})
	same := order[peopleDone](b, people, peopleOrder{Claim: true})
	require.Empty(b, same.Errors)
	require.Len(b, same.Seats, 1)
	if engine == deployed.SQLite {
		b.ReportMetric(float64(double), "claim_double_holds:count")
		b.ReportMetric(float64(errors), "claim_errors:count")
	}
	require.Zero(b, errors+double)
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// BenchmarkIdle is an allocator that was started before, and has nothing to do.
func BenchmarkIdle(b *testing.B) {
	g := newGround(b, deployed.SQLite)
	first, _ := g.serve(b)
	first.end(b)
	p, _ := g.serve(b)
	time.Sleep(10 * time.Second)
	b.Logf("of its own %.0f MiB, of its program %.0f MiB", p.memory(b, "RssAnon"), p.memory(b, "RssFile"))
	b.ReportMetric(p.memory(b, "VmRSS"), "allocator_rss_idle:MiB")
}

// reports is how many are made each second: a little more than the allocator has to bear.
const reports = 5200

// BenchmarkAgents measures the first contact of 200 agents at once, and reports.
func BenchmarkAgents(b *testing.B) {
	g := newGround(b, deployed.SQLite)
	store := g.store(b)
	_, instances := g.stock(b, store, "room", 200)
	require.NoError(b, store.Close())
	p, url := g.serve(b)
	agents := start(b, "agents", g.crew(b, url, instances))
	came := order[agentsDone](b, agents, agentsOrder{Come: true, Width: 200})
	require.Empty(b, came.Errors)
	b.Logf("at most %.0f MiB", p.memory(b, "VmHWM"))
	b.ReportMetric(came.Seconds, "first_contact_200:s")
	done := order[agentsDone](b, agents, agentsOrder{Rate: reports, Count: 200, Seconds: 5})
	require.Empty(b, done.Errors)
	b.Logf("%d reports in %.1f s; of %d processors the agents needed %.1f s", len(done.Took), done.Seconds, runtime.NumCPU(), done.Used)
	b.ReportMetric(float64(len(done.Took))/done.Seconds, "reports_per_second:1/s")
	b.ReportMetric(quantile(done.Took, 0.99), "report_p99:ms")
}

func BenchmarkThousandAgents(b *testing.B)    { resident(b, 1_000, "1k") }
func BenchmarkTenThousandAgents(b *testing.B) { resident(b, 10_000, "10k") }

// watched is how long agents are served while that is measured.
const watched = 30 * time.Second

// within is how many agents there may be open files for, at most so many: each has two
// connections. Root raises the limit.
func within(b *testing.B, agents int) int {
	b.Helper()
	need := uint64(2*agents + 1_000)
	var files unix.Rlimit
	require.NoError(b, unix.Getrlimit(unix.RLIMIT_NOFILE, &files))
	if files.Max >= need {
		return agents
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: need, Max: need}); err == nil {
		return agents
	}
	return max(1, (int(files.Max)-1_000)/2)
}

// resident measures what so many agents cost that keep tunnels and report. Where there may
// be fewer, the figures are called by how many they were.
func resident(b *testing.B, count int, name string) {
	if fewer := within(b, count); fewer < count {
		count, name = fewer, strconv.Itoa(fewer)
	}
	g := newGround(b, deployed.SQLite)
	store := g.store(b)
	_, instances := g.stock(b, store, "room", count)
	require.NoError(b, store.Close())
	p, url := g.serve(b)
	agents := start(b, "agents", g.crew(b, url, instances))
	require.Empty(b, order[agentsDone](b, agents, agentsOrder{Come: true, Width: 50}).Errors)
	order[agentsDone](b, agents, agentsOrder{Go: true})
	time.Sleep(watched) // what coming took is given back
	before := p.used(b)
	time.Sleep(watched)
	share := 100 * (p.used(b) - before).Seconds() / watched.Seconds()
	b.ReportMetric(p.memory(b, "VmRSS"), "allocator_rss_"+name+"_agents:MiB")
	b.ReportMetric(share, "allocator_cpu_"+name+"_agents:%")
}

// BenchmarkReconcile is one pass over 1,000 machines on which there is nothing to do.
func BenchmarkReconcile(b *testing.B) {
	g := newGround(b, deployed.SQLite)
	store := g.store(b)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		g.stock(b, store, name, 200)
	}
	defer store.Close()
	s := &allocator.Service{
		Store: store, Compute: &allocatortest.FakeEC2{Now: time.Now}, Log: slog.New(slog.DiscardHandler), Now: time.Now,
		Pools: []allocator.Pool{{Name: "gpu", MaxMachines: 20_000}},
	}
	var took []float64
	for range 11 {
		begin := time.Now()
		require.NoError(b, s.Reconcile(b.Context()))
		took = append(took, float64(since(begin)))
	}
	b.ReportMetric(median(took), "reconcile_1000:ms")
}
