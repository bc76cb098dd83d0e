package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Keeper keeps files of a collection where the allocator says.
type Keeper interface {
	// Places are where files are to be put.
	Places(ctx context.Context, n api.NewUploads) (api.Uploads, error)
	// Put puts just as many bytes to a place, with headers. It is no error where they are
	// there already.
	Put(ctx context.Context, place string, headers map[string]string, content io.Reader, bytes int64) error
}

// batch is for how many files places are asked for at once.
const batch = 50

// Collector keeps what a participant made in their home, one collection at a time.
type Collector struct {
	Home   string
	Keeper Keeper
	// Wait waits before something is tried once more, after so many tries, and reports
	// whether it is to be. Optional: nothing is.
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

func (c *Collector) run(ctx context.Context, s api.StartCollect) {
	err := c.collect(ctx, s)
	if c.stopped(ctx) {
		return
	}
	c.tell(func(status *api.CollectStatus) {
		status.Done = true
		if err != nil && status.Trouble == "" {
			status.Trouble = gpu.Clip(err.Error())
		}
		done := *status
		c.marks.Done = &done
	})
	c.keepMarks()
}

func (c *Collector) tell(change func(*api.CollectStatus)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.status)
}

func (c *Collector) collect(ctx context.Context, s api.StartCollect) error {
	root, err := os.OpenRoot(c.Home) // links that lead out of it are not followed
	if err != nil {
		return fmt.Errorf("open the home: %w", err)
	}
	defer root.Close()
	files, err := c.find(ctx, root.FS(), s)
	if err != nil {
		return err
	}
	for len(files) > 0 {
		some := files[:min(batch, len(files))]
		files = files[len(some):]
		var places api.Uploads
		err := c.until(ctx, func() (err error) {
			places, err = c.Keeper.Places(ctx, api.NewUploads{Collection: s.ID, Files: some, Once: true})
			return err
		})
		if err == nil && len(places.URLs) != len(some) {
			err = fmt.Errorf("the allocator names %d places for %d files", len(places.URLs), len(some))
		}
		if err != nil {
			c.tell(func(status *api.CollectStatus) { status.Left += len(some) + len(files) })
			return fmt.Errorf("ask where to keep files: %w", err)
		}
		for i, f := range some {
			var headers map[string]string
			if i < len(places.Headers) {
				headers = places.Headers[i]
			}
			c.keep(ctx, root, f, places.URLs[i], headers)
		}
		c.keepMarks()
	}
	return nil
}

// until tries what may work the next time, as when the allocator starts again. What was
// refused, or is not there, is not tried again.
func (c *Collector) until(ctx context.Context, try func() error) error {
	for tries := 1; ; tries++ {
		err := try()
		switch api.CodeOf(err) {
		case "", api.RateLimited, api.Unavailable, api.Internal:
		default:
			return err
		}
		if err == nil || errors.Is(err, fs.ErrNotExist) || c.Wait == nil || !c.Wait(ctx, tries) {
			return err
		}
	}
}

// keep keeps one file. One that cannot be kept is told, and the others go on.
func (c *Collector) keep(ctx context.Context, root *os.Root, f api.NewFile, place string, headers map[string]string) {
	err := c.until(ctx, func() error {
		file, err := c.open(ctx, root, f.Path)
		if err != nil {
			return err
		}
		defer file.Close()
		return c.Keeper.Put(ctx, place, headers, io.LimitReader(file, f.Bytes), f.Bytes)
	})
	c.tell(func(status *api.CollectStatus) {
		if err == nil {
			status.Files, status.Bytes = status.Files+1, status.Bytes+f.Bytes
			c.marks.add(f)
			return
		}
		status.Left++
		if status.Trouble == "" {
			status.Trouble = gpu.Clip(fmt.Sprintf("%s: %v", f.Path, err))
		}
	})
}

// open opens a file, by whoever may.
func (c *Collector) open(ctx context.Context, root *os.Root, name string) (io.ReadCloser, error) {
	file, err := openRegular(root, name)
	if errors.Is(err, fs.ErrPermission) && c.Private != nil {
		return c.Private(ctx, name)
	}
	return file, err
}

// openRegular opens a file. What took its place since it was found, as a pipe that
// nobody writes to, is not waited for.
func openRegular(root *os.Root, name string) (*os.File, error) {
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNoFile
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// errNoFile is that something else is where a file was.
var errNoFile = errors.New("it is no file any more")

// find lists the files that fit a pattern, as many as there may be.
func (c *Collector) find(ctx context.Context, home fs.FS, s api.StartCollect) ([]api.NewFile, error) {
	var out []api.NewFile
	var bytes int64
	kept := 0 // before a restart
	err := fs.WalkDir(home, ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || !d.Type().IsRegular() || !Fits(s.Patterns, name) {
			return nil //nolint:nilerr // what cannot be looked at is not the participant's work
		}
		info, err := d.Info()
		if err != nil {
			return nil //nolint:nilerr // it is gone
		}
		if len(out)+kept == s.MaxFiles || bytes+info.Size() > s.MaxBytes || len(name) > maxPath {
			c.tell(func(status *api.CollectStatus) {
				status.Left++
				status.Trouble = fmt.Sprintf("there is more than the %d files or %d MiB that are kept", s.MaxFiles, s.MaxBytes>>20)
			})
			return nil
		}
		bytes += info.Size()
		if c.wasKept(name, info) {
			kept++
			return nil
		}
		out = append(out, api.NewFile{Path: name, Bytes: info.Size()})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look through the home: %w", err)
	}
	return out, nil
}

// maxPath is the longest path that the wire types allow, in bytes.
const maxPath = 512

// Fits reports whether a file's path fits one of the patterns, in which ** is any
// number of folders.
func Fits(patterns []string, name string) bool {
	for _, p := range patterns {
		if fits(strings.Split(p, "/"), strings.Split(name, "/")) {
			return true
		}
	}
	return false
}

func fits(pattern, name []string) bool {
	switch {
	case len(pattern) == 0:
		return len(name) == 0
	case pattern[0] == "**":
		if len(pattern) == 1 {
			return len(name) > 0
		}
		return fits(pattern[1:], name) || len(name) > 0 && fits(pattern, name[1:])
	case len(name) == 0:
		return false
	}
	ok, err := path.Match(pattern[0], name[0])
	return err == nil && ok && fits(pattern[1:], name[1:])
}
