package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/watching"
)

const (
	// held is how long a request may wait while releases change.
	held = 2 * time.Second
	// back is how long all tunnels may take to be up again.
	back = 5 * time.Second
	// handover is how often this computer may stall before somebody is answered by another
	// allocator: as one ends, as the other begins, and as that answers.
	handover = 3
	// arrival is how long who has just connected has to say what they want of an allocator
	// that stops.
	arrival = 300 * time.Millisecond
	// commit is how long a write may take before an allocator says that it is not ready.
	commit = 5 * time.Second
	// everyCall is the time between two requests of one caller.
	everyCall = 100 * time.Millisecond
)

// callers ask all the time: two over connections that they keep, as browsers do,
// and two over a new one each time.
type callers struct {
	cancel context.CancelFunc
	all    sync.WaitGroup
	count  int // of callers
	stalls *watching.Stalls

	mu      sync.Mutex
	from    time.Time // since when requests count
	calls   int
	slowest time.Duration
	cut     int // in the middle of a request, by the end of a process
	unheard int // new connections that were closed before anything was asked
	late    int // answers that nothing is written, which only /readyz gives
	wrong   []string
}

// watchStalls measures for how long this computer and the simulator keep others waiting.
func (l *local) watchStalls(t *testing.T) *watching.Stalls {
	t.Helper()
	account, err := l.StartSimulator(t.Context())
	require.NoError(t, err)
	return watching.WatchStalls(t, account.URL)
}

func (l *local) call(t *testing.T, w api.Workshop) *callers {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	c := &callers{cancel: cancel, stalls: l.watchStalls(t)}
	t.Cleanup(c.stop)
	for _, fresh := range []bool{false, false, true, true} {
		transport := &http.Transport{DisableKeepAlives: fresh}
		client := &http.Client{Transport: transport}
		for _, path := range []string{"/", "/join/" + w.JoinCode, "/readyz"} {
			c.count++
			c.all.Go(func() {
				defer transport.CloseIdleConnections()
				tick := time.NewTicker(everyCall)
				defer tick.Stop()
				for ctx.Err() == nil {
					c.ask(ctx, client, l.url+path)
					select {
					case <-ctx.Done():
					case <-tick.C:
					}
				}
			})
		}
	}
	return c
}

func (c *callers) ask(ctx context.Context, client *http.Client, url string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		panic(err)
	}
	begin := time.Now()
	res, err := client.Do(req)
	status := 0
	var said []byte
	if err == nil {
		status = res.StatusCode
		said, err = io.ReadAll(res.Body)
		_ = res.Body.Close()
	}
	took := time.Since(begin)
	if ctx.Err() != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if begin.Before(c.from) { // it waited for what was before
		return
	}
	c.calls++
	c.slowest = max(c.slowest, took)
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET):
		c.cut++
	case err != nil && strings.Contains(err.Error(), "server closed idle connection"): // net/http exports no error of its own
		c.unheard++
	case err != nil:
		c.wrong = append(c.wrong, err.Error())
	case status == http.StatusServiceUnavailable && bytes.Contains(said, []byte("the database has not committed for ")):
		c.late++
	case status >= 400:
		c.wrong = append(c.wrong, fmt.Sprintf("%s: %d: %s", url, status, said))
	}
}

// begin counts from here.
func (c *callers) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.from = time.Now()
	c.calls, c.slowest, c.cut, c.unheard, c.late, c.wrong = 0, 0, 0, 0, 0, nil
	c.stalls.Begin()
}

// check wants that none was refused or held. What a process was answering, or had taken
// and not yet heard, when it died of itself is cut, which nobody can help: once for each
// caller at most. So is who came to one that stops, and whose words were kept on their way:
// as they said them, and as the simulator passed them on.
func (c *callers) check(t *testing.T, what string) {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	stalled := c.stalls.Longest()
	t.Logf("%s: %d requests, the slowest took %s, %d were cut, %d not heard, %d late; this computer stalled for %s",
		what, c.calls, c.slowest.Round(time.Millisecond), c.cut, c.unheard, c.late, stalled.Round(time.Millisecond))
	require.Greater(t, c.calls, c.count, what)
	require.Empty(t, c.wrong, what)
	require.LessOrEqual(t, c.slowest, held+handover*stalled, what)
	if handover*stalled < commit { // else what waits before a write, and the write, may take longer
		require.Zero(t, c.late, what)
	}
	require.LessOrEqual(t, c.cut+c.unheard, c.count, what)
	if what != "serves and then exits" && 2*stalled < arrival {
		require.Zero(t, c.cut+c.unheard, what)
	}
}

func (c *callers) stop() {
	c.cancel()
	c.all.Wait()
}

// tunnelWatch measures for how long a tunnel is missing.
type tunnelWatch struct {
	cancel context.CancelFunc
	all    sync.WaitGroup
	stalls *watching.Stalls

	mu      sync.Mutex
	up      bool
	well    time.Time // when it was up, or from when on it is measured
	looks   int
	longest time.Duration
}

func (l *local) watchTunnels(t *testing.T, admin *api.Client, count int) *tunnelWatch {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	w := &tunnelWatch{cancel: cancel, stalls: l.watchStalls(t), well: time.Now()}
	t.Cleanup(w.stop)
	w.all.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			var page api.Page[api.Machine]
			err := admin.Do(ctx, http.MethodGet, "/api/v1/machines", nil, &page)
			connected := 0
			for _, m := range page.Items {
				if m.Connected {
					connected++
				}
			}
			w.mu.Lock()
			w.longest = max(w.longest, time.Since(w.well))
			w.looks++
			w.up = err == nil && connected == count
			if w.up {
				w.well = time.Now()
			}
			w.mu.Unlock()
		}
	})
	return w
}

// begin measures from here.
func (w *tunnelWatch) begin() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.well, w.longest = time.Now(), 0
	w.stalls.Begin()
}

// check wants that all tunnels were back in time.
func (w *tunnelWatch) check(t *testing.T, what string) {
	t.Helper()
	w.mu.Lock()
	seen := w.looks // since the last of these they may have gone down
	w.mu.Unlock()
	eventually(t, "the tunnels are up", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.up && w.looks > seen+2
	})
	w.mu.Lock()
	defer w.mu.Unlock()
	stalled := w.stalls.Longest()
	t.Logf("%s: the tunnels were back after %s", what, w.longest.Round(time.Millisecond))
	require.LessOrEqual(t, w.longest, back+handover*stalled, what)
}

func (w *tunnelWatch) stop() {
	w.cancel()
	w.all.Wait()
}
