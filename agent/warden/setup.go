package warden

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// RunPath is where the agent has what sets the machine up run, as the session's user or
// as root; and PreparedPath where it says that the home is as homes are to begin with.
const (
	RunPath      = "/run"
	PreparedPath = "/prepared"
	// ImagePath is where the agent has the image of desktops in containers fetched.
	ImagePath = "/image"
)

// usedFile is there once somebody has had the machine, and keptFile once what it was set up
// with outside of the home is root's.
const (
	usedFile = state + "/used"
	keptFile = state + "/kept"
)

// setUp answers what sets the machine up, up to its first session: who took over the agent
// from a desktop can have nothing run.
func (w *Warden) setUp(mux *http.ServeMux) {
	mux.HandleFunc("POST "+RunPath, w.whileUnused(w.Run))
	if w.Inside != nil {
		mux.HandleFunc("POST "+ImagePath, w.whileUnused(w.Inside.Fetch))
	}
	mux.HandleFunc("POST "+PreparedPath, func(rw http.ResponseWriter, _ *http.Request) { answer(rw, w.prepared()) })
}

// whileUnused has something done as long as nobody has had the machine.
func (w *Warden) whileUnused(do http.Handler) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		if err := w.open(r.Context()); err != nil {
			answer(rw, err)
			return
		}
		w.running.Add(1)
		defer w.running.Done()
		do.ServeHTTP(rw, r)
	}
}

// open sees to it that the session's user is there, with a home, while nobody has had the
// machine.
func (w *Warden) open(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := unused(); err != nil {
		return err
	}
	if err := w.Person.Ready(ctx); err != nil {
		return err
	}
	if _, err := os.Stat(host.Path(Home)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return makeFolder(w.settingUp(), Home)
}

// prepared keeps the home as what every home begins with.
func (w *Warden) prepared() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := unused(); err != nil {
		return err
	}
	if err := w.Prepare(host.Path(Home), host.Path(Prepared)); err != nil {
		return err
	}
	if err := w.keepSetUp(); err != nil {
		return err
	}
	if _, err := os.Stat(host.Path(Prepared)); errors.Is(err, fs.ErrNotExist) {
		return nil // nothing was set up there
	}
	return w.Person.Keep(host.Path(Prepared))
}

func unused() error {
	_, err := os.Stat(host.Path(usedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look whether somebody has had this machine: %w", err)
	}
	return api.Problemf(api.Forbidden, "Somebody has had this machine", "It is set up before its first session only. Replace it, and the new one is set up.")
}

// keepSetUp makes root's what the machine was set up with outside of the home, and writes down
// that it is.
func (w *Warden) keepSetUp() error {
	if err := w.Person.KeepSetUp(); err != nil {
		return err
	}
	return host.WriteFile(keptFile, nil, 0o600)
}

// use writes down that somebody has the machine. Once is enough: later the disk may be full.
// What it was set up with is kept before: a release before this one may have set it up, or
// something that its script left running made more since.
func (w *Warden) use() error {
	if _, err := os.Stat(host.Path(usedFile)); err == nil {
		return nil
	}
	if err := w.keepSetUp(); err != nil {
		return err
	}
	return host.WriteFile(usedFile, nil, 0o600)
}
