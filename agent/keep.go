package agent

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// batch is for how many files places are asked for at once.
const batch = 50

// Away is an error of somebody who could not be reached, or not answer then: the next time
// may be better.
type Away struct{ Err error }

// Error is what went wrong.
func (a *Away) Error() string { return a.Err.Error() }

// Unwrap is what went wrong.
func (a *Away) Unwrap() error { return a.Err }

// passes reports whether an error may be over the next time. What was refused, or is not
// there, is not tried again.
func passes(err error) bool {
	var away *Away
	if errors.As(err, &away) {
		return true
	}
	return slices.Contains([]api.Code{api.RateLimited, api.Unavailable, api.Internal}, api.CodeOf(err))
}

// placed is a file, where it is to be kept, and why it was not yet.
type placed struct {
	api.NewFile

	at      string
	headers map[string]string
	err     error
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
	var again []placed
	for len(files) > 0 && err == nil {
		some := files[:min(batch, len(files))]
		var places []placed
		if places, err = c.places(ctx, s.ID, some); err == nil {
			files = files[len(some):]
			again = append(again, c.keepEach(ctx, root, places)...)
		}
	}
	for tries := 1; err == nil && len(again) > 0 && c.waits(ctx, tries); tries++ {
		again = c.keepEach(ctx, root, again)
	}
	for _, f := range again {
		c.leave(f)
	}
	if err != nil {
		c.tell(func(status *api.CollectStatus) { status.Left += len(files) })
		return fmt.Errorf("ask where to keep files: %w", err)
	}
	return nil
}

// waits reports whether what failed so many times is to be tried once more, and when it is.
func (c *Collector) waits(ctx context.Context, tries int) bool {
	return c.Wait != nil && c.Wait(ctx, tries)
}

// places asks where files are to be kept, for as long as nobody is there to say it, as while
// the allocator starts again.
func (c *Collector) places(ctx context.Context, id string, files []api.NewFile) ([]placed, error) {
	var why error
	for tries := 1; ; tries++ {
		said, err := c.Keeper.Places(ctx, api.NewUploads{Collection: id, Files: files, Once: true})
		if err == nil && len(said.URLs) != len(files) {
			err = fmt.Errorf("the allocator names %d places for %d files", len(said.URLs), len(files))
		}
		if err == nil {
			return place(files, said), nil
		}
		if why == nil || ctx.Err() == nil {
			why = err
		}
		if !passes(err) || !c.waits(ctx, tries) {
			return nil, why
		}
	}
}

func place(files []api.NewFile, said api.Uploads) []placed {
	out := make([]placed, len(files))
	for i, f := range files {
		out[i] = placed{NewFile: f, at: said.URLs[i]}
		if i < len(said.Headers) {
			out[i].headers = said.Headers[i]
		}
	}
	return out
}

// keepEach keeps files, and returns those with which it may be better the next time. One that
// cannot be kept is told, and the others go on.
func (c *Collector) keepEach(ctx context.Context, root *os.Root, files []placed) (again []placed) {
	for _, f := range files {
		err := c.keep(ctx, root, f)
		if f.err == nil || ctx.Err() == nil {
			f.err = err
		}
		switch {
		case err == nil:
			c.tell(func(status *api.CollectStatus) {
				status.Files, status.Bytes = status.Files+1, status.Bytes+f.Bytes
				c.marks.add(f.NewFile)
			})
		case passes(err):
			again = append(again, f)
		default:
			c.leave(f)
		}
	}
	c.keepMarks()
	return again
}

// leave tells of a file that is not kept.
func (c *Collector) leave(f placed) {
	c.tell(func(status *api.CollectStatus) {
		status.Left++
		if status.Trouble == "" {
			status.Trouble = gpu.Clip(fmt.Sprintf("%s: %v", f.Path, f.err))
		}
	})
}

// keep keeps one file.
func (c *Collector) keep(ctx context.Context, root *os.Root, f placed) error {
	file, err := c.open(ctx, root, f.Path)
	if err != nil {
		return err
	}
	defer file.Close()
	read := &reading{from: io.LimitReader(file, f.Bytes), left: f.Bytes}
	err = c.Keeper.Put(ctx, f.at, f.headers, read, f.Bytes)
	if err != nil && read.err != nil && ctx.Err() == nil {
		return read.err // whatever became of that
	}
	return err
}

// reading remembers why a file could not be read to its end.
type reading struct {
	from io.Reader
	left int64
	err  error
}

// errShorter is that a file has less in it than when it was found.
var errShorter = errors.New("it was changed while it was read")

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if r.left -= int64(n); err != nil && r.left > 0 {
		r.err = err
		if errors.Is(err, io.EOF) {
			r.err = errShorter
		}
	}
	return n, err
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
