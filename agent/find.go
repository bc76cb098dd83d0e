package agent

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

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
