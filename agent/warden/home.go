package warden

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// skeleton is what a home begins with.
const skeleton = "/etc/skel"

// makeHome makes a home that nobody had before. Files in it belong to the agent's group,
// too, so that work can be collected.
func (w *Warden) makeHome() error {
	if err := w.makeFolder(Home, true); err != nil {
		return err
	}
	home, skel := host.Path(Home), host.Path(skeleton)
	entries, err := os.ReadDir(skel)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("look what a home begins with: %w", err)
	}
	if len(entries) == 0 {
		return nil
	}
	if err := os.CopyFS(home, os.DirFS(skel)); err != nil {
		return fmt.Errorf("fill the home: %w", err)
	}
	return filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == home || d.Type()&fs.ModeSymlink != 0 {
			return err
		}
		return w.Person.Own(path, false)
	})
}

// makeFolder makes a folder anew that belongs to the session's user.
func (w *Warden) makeFolder(path string, agent bool) error {
	dir := host.Path(path)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(filepath.Dir(dir), 0o755), os.Mkdir(dir, 0o700)); err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	return w.Person.Own(dir, agent)
}

// removeHome takes the home out of the way at once, and removes it behind that: what
// somebody made in days is not waited for by who comes next.
func (w *Warden) removeHome() error {
	gone := host.Path(goneDir)
	if err := os.MkdirAll(gone, 0o700); err != nil {
		return fmt.Errorf("make room for a home that goes: %w", err)
	}
	err := os.Rename(host.Path(Home), filepath.Join(gone, rand.Text()))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("take the home away: %w", err)
	}
	w.removing.Go(w.Sweep)
	return nil
}

// Sweep removes the homes that were taken away, those too that an earlier run of this
// program left.
func (w *Warden) Sweep() {
	if err := os.RemoveAll(host.Path(goneDir)); err != nil {
		w.Say("a home that nobody has any more could not be removed", err)
	}
}
