package watching

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// everyLook is the time between two looks.
const everyLook = 100 * time.Millisecond

// Stalls measures for how long this computer keeps small things waiting that have
// nothing to do with the allocator: a byte on its way to the disk, and an answer of
// another server. Other tests run beside the one that measures, and what they take is no
// fault of what it measures.
type Stalls struct {
	worst, pending atomic.Int64 // nanoseconds; since when it waits, as of the epoch
}

// WatchStalls measures until the test ends. The server at the URL is none of what the test
// is about.
func WatchStalls(t testing.TB, url string) *Stalls {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "byte"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	s, ended := &Stalls{}, make(chan struct{})
	t.Cleanup(func() {
		cancel()
		<-ended
		assert.NoError(t, file.Close())
	})
	go func() {
		defer close(ended)
		tick := time.NewTicker(everyLook)
		defer tick.Stop()
		for ctx.Err() == nil {
			begin := time.Now()
			s.pending.Store(begin.UnixNano())
			assert.NoError(t, smallThing(ctx, file, url))
			s.worst.Store(max(s.worst.Load(), int64(time.Since(begin))))
			s.pending.Store(0)
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	}()
	return s
}

// smallThing takes a few milliseconds at a computer that has nothing else to do.
func smallThing(ctx context.Context, file *os.File, url string) error {
	if _, err := file.WriteAt([]byte{1}, 0); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil && ctx.Err() == nil {
		return err
	}
	if err != nil { // nobody wants to know any more
		return nil //nolint:nilerr // that is no fault
	}
	return res.Body.Close()
}

// Begin measures from here.
func (s *Stalls) Begin() { s.worst.Store(0) }

// Longest is the longest wait since Begin, of what waits still too.
func (s *Stalls) Longest() time.Duration {
	worst := time.Duration(s.worst.Load())
	if since := s.pending.Load(); since != 0 {
		worst = max(worst, time.Since(time.Unix(0, since)))
	}
	return worst
}
