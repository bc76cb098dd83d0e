package warden

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// Prepared is what a machine was set up with for its participants: each home begins with
// a copy of it, over what the system gives.
const Prepared = "/var/lib/lablink-prepared"

// skeletons are what a home begins with.
var skeletons = []string{"/etc/skel", Prepared}

// makeHome makes a home that nobody had before. Files in it belong to the agent's group,
// too, so that work can be collected.
func (w *Warden) makeHome(ctx context.Context) error {
	if err := makeFolder(w.Person, Home); err != nil {
		return err
	}
	home := host.Path(Home)
	for _, s := range w.skeletons() {
		from := host.Path(s)
		if _, err := os.Stat(from); errors.Is(err, fs.ErrNotExist) {
			continue
		}
		// cp knows of links, and shares blocks where the file system can.
		if err := run(ctx, "cp", "--recursive", "--no-dereference", "--preserve=mode,timestamps,links", "--reflink=auto", "--", from+"/.", home); err != nil {
			return fmt.Errorf("fill the home: %w", err)
		}
	}
	if err := w.Person.Own(home); err != nil { // whose mode is that of what was copied now
		return err
	}
	return w.Person.OwnAll(home)
}

// makeFolder makes a folder anew that belongs to somebody.
func makeFolder(p Person, path string) error {
	dir := host.Path(path)
	if err := errors.Join(removePath(path), os.MkdirAll(filepath.Dir(dir), 0o755), os.Mkdir(dir, 0o700)); err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	return p.Own(dir)
}

// keepFolder makes a folder where it is missing, as after a reboot. What a session that
// goes on has in it stays.
func (w *Warden) keepFolder(path string) error {
	err := os.Mkdir(host.Path(path), 0o700)
	if errors.Is(err, fs.ErrNotExist) {
		return makeFolder(w.Person, path)
	}
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make %s: %w", path, err)
	}
	return w.Person.Own(host.Path(path))
}

// removeHome takes the home out of the way at once, and removes it behind that: what
// somebody made in days is not waited for by who comes next. Where it cannot be moved, as on
// a disk that is full, it is removed where it is.
func (w *Warden) removeHome() error {
	gone := host.Path(goneDir)
	err := os.MkdirAll(gone, 0o700)
	if err == nil {
		err = os.Rename(host.Path(Home), filepath.Join(gone, rand.Text()))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		if err := removePath(Home); err != nil {
			return fmt.Errorf("remove the home: %w", err)
		}
	}
	w.removing.Go(w.Sweep)
	return nil
}
