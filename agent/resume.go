package agent

import (
	"context"
	"io/fs"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// collectionName is what the newest collection is kept under.
const collectionName = "collection"

// marks are what a collection has kept, so that one that a restart cut short goes on.
type marks struct {
	ID   string             `json:"id"`
	Kept map[string]mark    `json:"kept,omitempty"` // by path
	Done *api.CollectStatus `json:"done,omitempty"`
	// found is when files were changed last, as they were found.
	found map[string]time.Time
}

// mark is a file as it was kept.
type mark struct {
	Bytes int64     `json:"bytes"`
	At    time.Time `json:"at"` // when it was changed last
}

func (m *marks) add(f api.NewFile) {
	if m.Kept == nil {
		m.Kept = map[string]mark{}
	}
	m.Kept[f.Path] = mark{f.Bytes, m.found[f.Path]}
}

// wasKept reports whether a file was kept before a restart, and is as it was. It is
// counted.
func (c *Collector) wasKept(name string, info fs.FileInfo) (kept bool) {
	c.tell(func(status *api.CollectStatus) {
		at := info.ModTime().UTC()
		was, known := c.marks.Kept[name]
		if kept = known && was.Bytes == info.Size() && was.At.Equal(at); kept {
			status.Files, status.Bytes = status.Files+1, status.Bytes+was.Bytes
			return
		}
		if c.marks.found == nil {
			c.marks.found = map[string]time.Time{}
		}
		c.marks.found[name] = at
	})
	return kept
}

// remember reads what was kept of the newest collection. One that had ended has.
func (c *Collector) remember() {
	if c.Memory == nil || c.Memory.Recall(collectionName, &c.marks) != nil {
		return // it begins anew
	}
	if c.marks.Done != nil {
		c.ended = append(c.ended, ended{c.marks.ID, *c.marks.Done})
	}
}

// keepMarks keeps it. Where that fails, a restart begins anew.
func (c *Collector) keepMarks() {
	if c.Memory == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = c.Memory.Keep(collectionName, c.marks)
}

// stopped reports whether a collection was ended that goes on after a restart.
func (c *Collector) stopped(ctx context.Context) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resumes && ctx.Err() != nil
}

// giveUp ends for good what a restart cut short: the home is another one's from now on.
func (c *Collector) giveUp() {
	if c.Memory == nil || c.marks.ID == "" || c.marks.ID == c.id || c.marks.Done != nil {
		return
	}
	c.marks.Done = &api.CollectStatus{Done: true, Files: len(c.marks.Kept), Trouble: "it was cut short, and the session has ended since"}
	c.ended = append(c.ended, ended{c.marks.ID, *c.marks.Done})
	_ = c.Memory.Keep(collectionName, c.marks) // where that fails the allocator's own order holds
}
