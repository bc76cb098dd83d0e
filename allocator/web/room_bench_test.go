package web_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	largeRoom = 500
	// listening is for how long the news of a room are counted.
	listening = 20 * time.Second
)

// BenchmarkRoom500 opens the page of a workshop with 500 machines that all are held and were
// worked on, and then counts the news that it is sent, not packed, while each machine reports
// every ten seconds that its GPU does something else, and what its participant did.
func BenchmarkRoom500(b *testing.B) {
	w := allocatortest.New(b)
	w.Pools[0].MaxMachines = largeRoom
	w.Rates = half{}
	w.Time = time.Now()
	ws := largeWorkshop(b, w)
	for n := range largeRoom {
		_, err := w.Claim(b.Context(), api.Claim{Code: ws.JoinCode, Email: fmt.Sprintf("participant-%03d@example.org", n)}, "")
		require.NoError(b, err)
	}
	w.Settled()
	machines := w.Machines(b, ws)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	guard := access.New(w.Store, w.Now)
	require.NoError(b, guard.Ensure(ctx, password))
	handler, err := web.New(ctx, web.Config{
		Service: w.Service, Guard: guard, Sessions: w.Store.(*sqlstore.Store), Version: "v1", Log: slog.New(slog.DiscardHandler),
		Machine: func(string) http.RoundTripper { return http.DefaultTransport },
	})
	require.NoError(b, err)
	server := httptest.NewServer(handler)
	defer server.Close()
	cookie := loggedIn(b, server.URL)
	for n, m := range machines {
		report(b, w, m, n)
	}
	path := server.URL + "/admin/workshops/" + ws.ID

	var took []time.Duration
	bytes := 0
	for range 9 {
		begin := time.Now()
		res := get(b, path, cookie)
		raw, err := io.ReadAll(res.Body)
		require.NoError(b, err)
		took, bytes = append(took, time.Since(begin)), len(raw)
		require.Equal(b, largeRoom, strings.Count(string(raw), `class="seatcard`))
		require.Equal(b, largeRoom, strings.Count(string(raw), `<tr id="used-`))
		require.NoError(b, res.Body.Close())
		if len(took) == 9 {
			_, address, _ := strings.Cut(string(raw), `sse-connect="`)
			address, _, _ = strings.Cut(address, `"`)
			path = server.URL + strings.ReplaceAll(address, "&amp;", "&")
		}
	}
	slices.Sort(took)
	news := listen(b, w, machines, path, cookie)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "room_500_render:ms")
	b.ReportMetric(float64(bytes)/1024, "room_500_page:KiB")
	b.ReportMetric(float64(news)/1000/listening.Seconds(), "room_500_live:KB/s")
}

// largeWorkshop is one whose machines are all ready, each with a GPU.
func largeWorkshop(b *testing.B, w *allocatortest.World) allocator.Workshop {
	b.Helper()
	ws, _ := w.Open(b, largeRoom)
	for len(w.Queued) > 0 { // so many at once are launched
		w.RunAll(b)
		require.NoError(b, w.Reconcile(b.Context()))
	}
	for _, m := range w.Machines(b, ws) {
		r := allocatortest.Registration(m.InstanceID, "client-gpu", "signature of "+m.InstanceID)
		r.Inventory = api.Inventory{GPUs: []api.GPU{{UUID: "GPU-0", Model: "NVIDIA A10G", Memory: 24 << 30}}}
		given, err := w.Register(b.Context(), r)
		require.NoError(b, err)
		m.AgentID = given.AgentID
		report(b, w, m, 0)
	}
	return ws
}

// listen counts the bytes of a room's news while all machines report in turn.
func listen(b *testing.B, w *allocatortest.World, machines []allocator.Machine, path, cookie string) (bytes int) {
	b.Helper()
	res := get(b, path, cookie)
	defer res.Body.Close()
	done := make(chan int)
	go func() {
		sum := 0
		for in := bufio.NewReader(res.Body); ; {
			line, err := in.ReadString('\n')
			sum += len(line)
			if err != nil {
				done <- sum
				return
			}
		}
	}()
	every := time.NewTicker(10 * time.Second / largeRoom)
	defer every.Stop()
	for n := 0; n < int(listening/(10*time.Second/largeRoom)); n++ {
		<-every.C
		report(b, w, machines[n%largeRoom], n*7)
	}
	_ = res.Body.Close()
	return <-done
}

// report lets a machine say what its GPU does.
func report(b *testing.B, w *allocatortest.World, m allocator.Machine, n int) {
	b.Helper()
	busy, used, seconds := uint32(n%101), uint64(n%160)<<27, 3600+n
	_, err := w.Report(b.Context(), allocator.Agent{ID: m.AgentID, MachineID: m.ID}, api.Report{
		Protocol: api.Protocol, BootID: "b", Health: api.Healthy, Session: &api.SessionStatus{ID: m.Session(), IdleSeconds: new(n % 20), Desktop: "vnc"},
		Use: &api.SessionUse{
			Session: m.Session(), Seconds: seconds, GPUActive: &seconds, GPUPeak: &busy, GPUMemory: &used, MemoryPeak: &used,
			Software: []api.SoftwareUse{{Name: "sleap-label", Seconds: seconds, Active: &seconds}},
		},
		Readings: []api.Reading{{UUID: "GPU-0", Utilisation: &busy, MemoryUsed: &used, Temperature: new(uint32(40 + n%40))}},
	})
	require.NoError(b, err)
}

func loggedIn(b *testing.B, url string) string {
	b.Helper()
	res, err := http.Post(url+"/api/v1/sessions", "application/json", strings.NewReader(fmt.Sprintf(`{"user": "admin", "password": %q}`, password)))
	require.NoError(b, err)
	defer res.Body.Close()
	require.Equal(b, http.StatusNoContent, res.StatusCode)
	return res.Cookies()[0].String()
}

func get(b *testing.B, url, cookie string) *http.Response {
	b.Helper()
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, url, nil)
	require.NoError(b, err)
	req.Header.Set("Cookie", strings.Split(cookie, ";")[0])
	req.Header.Set("Accept", "text/html")
	req.Header.Set("Accept-Encoding", "identity")
	res, err := http.DefaultClient.Do(req)
	require.NoError(b, err)
	require.Equal(b, http.StatusOK, res.StatusCode)
	return res
}
