package web

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/api"
)

// BenchmarkMachines500 measures the page of all machines with 500 of them: how long it
// takes, and what its stream sends while each reports every ten seconds.
func BenchmarkMachines500(b *testing.B) {
	w := allocatortest.New(b)
	w.Pools[0].MaxMachines = 500
	agents := fiveHundred(b, w)
	s := &server{Config: Config{Service: w.Service, Guard: access.New(w.Store, w.Now), Sessions: w.Store.(*sqlstore.Store), Log: slog.New(slog.DiscardHandler)}}
	var err error
	s.pages, err = newPages(time.Minute, assets{})
	require.NoError(b, err)
	r := httptest.NewRequest(http.MethodGet, "/admin/machines", nil)
	page := func() string {
		data, err := s.machinesData(r)
		require.NoError(b, err)
		html, err := s.fragment(r, "machines.html", "machines", data)
		require.NoError(b, err)
		return html
	}
	sent := httptest.NewRecorder()
	updates := newUpdates(sent, r, "machines")
	require.NoError(b, updates.show(page()))
	whole := sent.Body.Len()
	const seconds = 120
	for second := range seconds {
		w.Time = w.Time.Add(time.Second)
		for i := second % 10; i < len(agents); i += 10 {
			busy, used := uint32((second*7+i)%101), uint64(second*i)<<20
			_, err := w.Report(b.Context(), agents[i], api.Report{Version: "v1", Health: api.Healthy, Readings: []api.Reading{{UUID: "GPU-1", Utilisation: &busy, MemoryUsed: &used}}})
			require.NoError(b, err)
		}
		require.NoError(b, updates.show(page()))
	}
	begin := time.Now()
	b.ResetTimer()
	for b.Loop() {
		page()
	}
	b.ReportMetric(float64(time.Since(begin).Microseconds())/1000/float64(b.N), "machines_page_500:ms")
	b.ReportMetric(float64(sent.Body.Len()-whole)/seconds/1000, "machines_live_500:KB/s")
}

// fiveHundred opens a workshop with so many machines, all ready, and returns their agents.
func fiveHundred(t testing.TB, w *allocatortest.World) (agents []allocator.Agent) {
	t.Helper()
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 500})
	require.NoError(t, err)
	for range 10 {
		require.NoError(t, w.Reconcile(t.Context()))
		w.RunAll(t)
	}
	for _, m := range w.Machines(t, ws) {
		r := allocatortest.Registration(m.InstanceID, "client-gpu", "signature of "+m.InstanceID)
		r.Inventory = api.Inventory{GPUs: []api.GPU{{UUID: "GPU-1", Model: "NVIDIA A10G", Memory: 24 << 30}}}
		given, err := w.Register(t.Context(), r)
		require.NoError(t, err)
		a := allocator.Agent{ID: given.AgentID, MachineID: m.ID}
		_, err = w.Report(t.Context(), a, api.Report{BootID: "b", Health: api.Healthy})
		require.NoError(t, err)
		agents = append(agents, a)
	}
	require.Len(t, agents, 500)
	return agents
}
