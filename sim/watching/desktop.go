package watching

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
)

// Desktop is a desktop as a browser has it: over a stream, which is opened again when it
// ends, after the waits that the viewer's page makes (api/viewer/source/viewer.js).
type Desktop struct {
	// HTTP is the browser, with the cookie of the seat, and URL where the stream is.
	HTTP *http.Client
	URL  string
	// Greet is what is said first on a stream. It is optional.
	Greet func(net.Conn) error
	// Look asks for something on a stream, and waits until it is there.
	Look func(net.Conn) error

	ctx    context.Context
	cancel context.CancelFunc
	all    sync.WaitGroup

	mu      sync.Mutex
	seen    time.Time
	longest time.Duration
	streams int
	last    error  // why a stream was not opened, or ended
	over    string // why the browser opens none any more
}

// Watch looks until the test ends, or Stop. It returns when the desktop is seen.
func (d *Desktop) Watch(t testing.TB) {
	t.Helper()
	d.ctx, d.cancel = context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(d.Stop)
	d.all.Go(func() {
		for tries := 0; d.ctx.Err() == nil; tries++ {
			if d.stream() {
				tries = 0
			}
			if d.gone() {
				return
			}
			wait := time.Duration(min(10, math.Exp2(float64(tries-2))) * (0.75 + rand.Float64()/2) * float64(time.Second)) //nolint:gosec // nobody has to guess it
			select {
			case <-d.ctx.Done():
			case <-time.After(wait):
			}
		}
	})
	d.Await(t)
}

// Await waits until the desktop is seen, from now on.
func (d *Desktop) Await(t testing.TB) {
	t.Helper()
	from := time.Now()
	require.Eventually(t, func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.seen.After(from) || d.over != ""
	}, 5*time.Minute, everyLook, "the desktop is not seen")
	d.mu.Lock()
	defer d.mu.Unlock()
	require.Empty(t, d.over, "%v", d.last)
}

// stream looks for as long as a stream lasts, and reports whether it was seen there.
func (d *Desktop) stream() (seen bool) {
	ctx, cancel := context.WithTimeout(d.ctx, 20*time.Second)
	ws, _, err := websocket.Dial(ctx, d.URL, &websocket.DialOptions{HTTPClient: d.HTTP}) //nolint:bodyclose // the connection took it over, or it is in memory
	cancel()
	if err != nil {
		d.ended(err)
		return false
	}
	defer ws.CloseNow()
	conn := websocket.NetConn(d.ctx, ws, websocket.MessageBinary)
	if d.Greet != nil {
		err = d.Greet(conn)
	}
	for err == nil {
		if err = d.Look(conn); err == nil {
			seen = true
			d.sees()
			select {
			case <-d.ctx.Done():
				return seen
			case <-time.After(everyLook):
			}
		}
	}
	d.ended(err)
	return seen
}

func (d *Desktop) sees() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.seen.IsZero() {
		d.longest = max(d.longest, time.Since(d.seen))
	}
	d.seen = time.Now()
}

func (d *Desktop) ended(why error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.last, d.streams = why, d.streams+1
}

// gone asks in plain HTTP why there is no stream, as the page does, which then takes it
// that the desktop is somebody else's, or goes on.
func (d *Desktop) gone() bool {
	req, err := http.NewRequestWithContext(d.ctx, http.MethodGet, d.URL, nil)
	if err != nil {
		panic(err)
	}
	res, err := d.HTTP.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	if !slices.Contains([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}, res.StatusCode) {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = fmt.Sprintf("the browser was told %s", res.Status)
	return true
}

// Begin measures from here.
func (d *Desktop) Begin() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.longest, d.streams = 0, 0
}

// Longest is for how long the desktop was not seen at most since Begin, and how many
// streams have ended, once it is seen again.
func (d *Desktop) Longest(t testing.TB) (away time.Duration, streams int) {
	t.Helper()
	d.Await(t)
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.longest, d.streams
}

// Stop looks no more.
func (d *Desktop) Stop() {
	d.cancel()
	d.all.Wait()
}
