package agent

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Keeper keeps files of a collection where the allocator says. An error is an Away where it
// may be better the next time.
type Keeper interface {
	// Places are where files are to be put.
	Places(ctx context.Context, n api.NewUploads) (api.Uploads, error)
	// Put puts just as many bytes to a place, with headers. It is no error where they are
	// there already.
	Put(ctx context.Context, place string, headers map[string]string, content io.Reader, bytes int64) error
}

// collectLimit is how long a collection may take of which nothing else is said, as by older
// allocators: as long as those wait.
const collectLimit = 5 * time.Minute

// Collector keeps what a participant made in their home, one collection at a time.
type Collector struct {
	Home   string
	Keeper Keeper
	// Wait waits before something is tried once more, after so many tries, and reports
	// whether it is to be: until ctx ends. Optional: nothing is.
	Wait func(ctx context.Context, tries int) bool
	// Private opens a file of the home that is closed to who runs this. Optional: it is left.
	Private func(ctx context.Context, name string) (io.ReadCloser, error)
	// Memory keeps how a collection goes. Optional: one that a restart cuts short begins
	// anew.
	Memory Memory

	mu      sync.Mutex
	id      string
	status  api.CollectStatus
	recall  sync.Once
	marks   marks // of what is kept
	resumes bool  // whether what is ended goes on after a restart
	// ended are those before, the newest last: two that wait for their answers on one
	// machine do not begin each other anew.
	ended []ended
	stop  context.CancelFunc
	work  sync.WaitGroup
}

// ended is a collection that is done.
type ended struct {
	id     string
	status api.CollectStatus
}

// remembered is how many of them are known.
const remembered = 16

// Collect begins a collection, or says how it goes. Conflict while another one goes on.
func (c *Collector) Collect(s api.StartCollect) (api.CollectStatus, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.recall.Do(c.remember)
	if c.id == s.ID {
		return c.status, nil
	}
	if i := slices.IndexFunc(c.ended, func(e ended) bool { return e.id == s.ID }); i >= 0 {
		return c.ended[i].status, nil
	}
	if c.id != "" && !c.status.Done {
		return api.CollectStatus{}, api.Problemf(api.Conflict, "Work is being collected", "Collection %s goes on; ask again when it is done.", c.id)
	}
	if c.id != "" {
		c.ended = append(c.ended, ended{c.id, c.status})
		c.ended = c.ended[max(0, len(c.ended)-remembered):]
	}
	ctx, stop := context.WithCancel(context.Background())
	c.id, c.status, c.stop = s.ID, api.CollectStatus{}, stop
	if c.marks.ID != s.ID {
		c.marks = marks{ID: s.ID}
	}
	c.work.Go(func() { c.run(ctx, s) })
	return c.status, nil
}

// Close ends what goes on, for good: before the home is somebody else's.
func (c *Collector) Close() { c.end(false) }

// Stop ends what goes on as the agent ends. It goes on from there when the agent starts
// again and is asked again.
func (c *Collector) Stop() { c.end(true) }

func (c *Collector) end(resumes bool) {
	c.mu.Lock()
	c.recall.Do(c.remember)
	c.resumes = resumes && c.Memory != nil
	if !resumes {
		c.giveUp()
	}
	if c.stop != nil {
		c.stop()
	}
	c.mu.Unlock()
	c.work.Wait()
}

// run collects until the allocator waits no longer. That is no end which is kept: where
// nobody could be reached until then, an agent that starts again and is asked again goes on.
func (c *Collector) run(ctx context.Context, s api.StartCollect) {
	ctx, stop := context.WithTimeout(ctx, cmp.Or(time.Duration(s.Seconds)*time.Second, collectLimit))
	defer stop()
	err := c.collect(ctx, s)
	if c.stopped(ctx) {
		return
	}
	c.tell(func(status *api.CollectStatus) {
		status.Done = true
		if err != nil && status.Trouble == "" {
			status.Trouble = gpu.Clip(err.Error())
		}
		if done := *status; !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			c.marks.Done = &done
		}
	})
	c.keepMarks()
}

func (c *Collector) tell(change func(*api.CollectStatus)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.status)
}
