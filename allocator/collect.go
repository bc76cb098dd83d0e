package allocator

import (
	"context"
	"fmt"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// CollectLimit is how long a machine may take to hand over what was made on it.
	CollectLimit = 5 * time.Minute
	// collectBack is how long it may take at least once the allocator is back that was away:
	// agents try again within a minute.
	collectBack = 2 * time.Minute
	// collectFiles and collectBytes are how much is kept of one participant.
	collectFiles = 2000
	collectBytes = 4 << 30
	// betweenCollects is how often a machine is asked how it gets on.
	betweenCollects = 2 * time.Second
	// betweenCalls is how often it is asked where one does not answer: each time waits.
	betweenCalls = 10 * time.Second
	// collectAtOnce is how many machines of an operation are asked beside each other.
	collectAtOnce = 64
)

// Collection is what an operation collects on a machine.
type Collection struct {
	Operation, MachineID, WorkshopID, SeatID, Email string

	Since    time.Time // when the participant got the machine
	Deadline time.Time // after which it is not waited for
	Patterns []string
}

// folder is where its files are kept.
func (c Collection) folder() string {
	return workFolder(c.WorkshopID) + c.SeatID + "/" + c.Since.UTC().Format("2006-01-02T150405Z") + "/"
}

// workFolder is where the work of a workshop is, below that of this environment.
func workFolder(workshop string) string { return workshop + "/" }

// CollectWork collects what participants of a workshop have made until now. They go on
// working. Conflict where the workshop has ended, or nothing is collected.
func (s *Service) CollectWork(ctx context.Context, by, workshop string) (Operation, error) {
	op := s.operation(Collect, by, workshop)
	if err := s.Store.CollectWork(ctx, op, s.Now().Add(CollectLimit)); err != nil {
		return Operation{}, err
	}
	s.start(ctx, op, "collect work", workshop, "")
	return s.Store.Operation(ctx, op.ID)
}

// runCollect asks machines how they get on with what they are to hand over, beside each
// other. One that does not answer is not waited for beyond the deadline.
func (s *Service) runCollect(ctx context.Context, op Operation) error {
	machines, err := s.Store.OperationMachines(ctx, op.ID)
	if err != nil {
		return err
	}
	var left, mute atomic.Int64
	var all errgroup.Group
	all.SetLimit(collectAtOnce)
	for _, m := range machines {
		all.Go(func() error {
			done, answers, err := s.collectFrom(ctx, op, m)
			if !done {
				left.Add(1)
			}
			if !answers {
				mute.Add(1)
			}
			return err
		})
	}
	if err := all.Wait(); err != nil || left.Load() == 0 {
		return err
	}
	why := fmt.Sprintf("waiting for %d machines to hand over what was made on them", left.Load())
	if err := s.note(ctx, op, why); err != nil {
		return err
	}
	if mute.Load() > 0 {
		return &Later{After: betweenCalls, Why: why}
	}
	return &Later{After: betweenCollects, Why: why}
}

// collectFrom carries the collection from one machine on.
func (s *Service) collectFrom(ctx context.Context, op Operation, m Machine) (done, answers bool, err error) {
	c, err := s.Store.Collection(ctx, op.ID, m.ID)
	if err != nil {
		return false, true, err
	}
	done, said, unheard := s.collectOne(ctx, c)
	if ctx.Err() != nil { // the step is out of time, and not the machine
		return false, true, ctx.Err()
	}
	if done {
		err = s.Store.Collected(ctx, op.ID, m.ID, said, s.Now())
	}
	return done, api.CodeOf(unheard) != api.Unavailable, err
}

// collectLeft is how long a machine has to hand over what was made on it. An allocator that
// was away until the deadline, or nearly so, has asked nobody, and a clock that cannot be
// trusted tells none.
func (s *Service) collectLeft(ctx context.Context, c Collection) time.Duration {
	now := s.Now()
	if s.clockTrouble(ctx) != "" {
		return CollectLimit
	}
	until := c.Deadline
	if began := s.listens.since(now); began.After(until.Add(-collectBack / 2)) {
		until = began.Add(collectBack)
	}
	return min(until.Sub(now), CollectLimit)
}

// collectOne asks one machine, and says for people how it ended.
func (s *Service) collectOne(ctx context.Context, c Collection) (done bool, said string, unheard error) {
	left := s.collectLeft(ctx, c)
	late := left <= 0
	status, err := s.Tunnels.Collect(ctx, c.MachineID, api.StartCollect{
		ID: c.Operation, Patterns: c.Patterns, MaxFiles: collectFiles, MaxBytes: collectBytes, Seconds: max(1, int(left.Seconds())),
	})
	switch {
	case err == nil && status.Done:
		said = fmt.Sprintf("%d files (%d KiB) of %s were kept", status.Files, (status.Bytes+1023)>>10, c.Email)
		if status.Left > 0 || status.Trouble != "" {
			said += fmt.Sprintf("; %d were not: %s", status.Left, inShort(status.Trouble))
		}
		return true, said, nil
	case late && err != nil:
		return true, fmt.Sprintf("the work of %s was not kept: %s", c.Email, err), err
	case late:
		return true, fmt.Sprintf("not all work of %s was kept in time: %d files were", c.Email, status.Files), nil
	}
	return false, "", err
}

// longestTrouble is how much of what an agent says went wrong is kept, in characters.
const longestTrouble = 500

// inShort is one line of what an agent says.
func inShort(text string) string {
	line := []rune(oneLine(text))
	return string(line[:min(len(line), longestTrouble)])
}

// Uploads names places for files of a collection that goes on, to the agent of its
// machine. NotFound when there is no such collection; Invalid for a path that leads
// out of a home.
func (s *Service) Uploads(ctx context.Context, a Agent, n api.NewUploads) (api.Uploads, error) {
	out := api.Uploads{URLs: []string{}}
	c, err := s.Store.Collection(ctx, n.Collection, a.MachineID)
	if err != nil {
		return out, err
	}
	if s.Work == nil {
		return out, nothingKept()
	}
	if !s.uploads.take(a.MachineID+" "+n.Collection, n.Files) {
		return out, api.Problemf(api.Invalid, "That is more than is kept", "Of one participant %d files and %d MiB are.", collectFiles, collectBytes>>20)
	}
	for _, f := range n.Files {
		if !below(f.Path) {
			return out, api.Problemf(api.Invalid, "That is no file in a home", "%q: name it by its path below the home.", f.Path)
		}
	}
	return out, s.place(ctx, c, n, &out)
}

// place names a place for each file. An agent that sends headers gets addresses that are
// good once, in the place of what was kept of the same file before.
func (s *Service) place(ctx context.Context, c Collection, n api.NewUploads, out *api.Uploads) error {
	there := map[string]string{}
	if n.Once {
		files, err := s.Work.List(ctx, c.folder())
		if err != nil {
			return err
		}
		for _, f := range files {
			there[f.Key] = f.Tag
		}
	}
	for _, f := range n.Files {
		var url string
		var headers map[string]string
		var err error
		if key := c.folder() + f.Path; n.Once {
			url, headers, err = s.Work.UploadOnce(ctx, key, f.Bytes, there[key])
			out.Headers = append(out.Headers, headers)
		} else {
			url, err = s.Work.Upload(ctx, key, f.Bytes)
		}
		if err != nil {
			return err
		}
		out.URLs = append(out.URLs, url)
	}
	return nil
}

const (
	// again is how often an agent may ask for as much as is kept of one participant: one
	// that starts anew begins anew.
	again = 3
	// mostGrants is how many collections are counted at once.
	mostGrants = 10_000
)

// grants counts what places were named for, by collections: a machine counts for itself,
// and whoever has root on it could fill the bucket.
type grants struct {
	mu sync.Mutex
	of map[string]grant
}

type grant struct {
	files int
	bytes int64
}

// take counts files, unless they are too much.
func (g *grants) take(collection string, files []api.NewFile) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.of[collection]
	now.files += len(files)
	for _, f := range files {
		now.bytes += f.Bytes
	}
	if now.files > again*collectFiles || now.bytes > again*collectBytes {
		return false
	}
	if g.of == nil || len(g.of) >= mostGrants {
		g.of = map[string]grant{}
	}
	g.of[collection] = now
	return true
}

// below reports whether a path leads to a file below a home, and is written in one way
// only.
func below(name string) bool {
	return utf8.ValidString(name) && name != "." && path.Clean("/"+name) == "/"+name && !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' })
}

func nothingKept() error {
	return api.Problemf(api.Conflict, "Nothing is kept here", "This allocator has no bucket for work: deploy the stack again.")
}
