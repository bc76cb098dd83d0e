package warden

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// Where a session is on the machine.
const (
	// Home is the participant's.
	Home = "/var/lib/lablink-home"
	// Runtime holds the desktop's socket, for as long as the session goes on.
	Runtime = "/run/lablink-session"
	// state is the warden's own: which session there is, and what is being removed.
	state       = "/var/lib/lablink-warden"
	sessionFile = state + "/session"
	goneDir     = state + "/gone"
	// Unit is the session's, and ContainerUnit that of one in a container.
	Unit          = "lablink-session.service"
	ContainerUnit = "lablink-container.service"
)

// Units starts and stops units of systemd's.
type Units interface {
	Start(ctx context.Context, unit string) error
	Stop(ctx context.Context, units ...string) error
	// Shown says whether a unit was given up, and how often it was started again.
	Shown(ctx context.Context, unit string) (givenUp bool, restarts int, err error)
}

// Person is whom sessions belong to on the machine.
type Person interface {
	// Ready sees to it that they are there, and cannot reach what they may not.
	Ready(ctx context.Context) error
	// Fence closes to them what they may not reach, if they are there.
	Fence(ctx context.Context) error
	// Own makes what is at a path theirs, and lets the agent in where it has a part in it.
	Own(dir string) error
	// OwnAll makes what is in a folder theirs.
	OwnAll(dir string) error
	// Keep makes a folder and all in it root's, and closes it to everybody else.
	Keep(dir string) error
	// KeepSetUp makes root's what they left outside of their home while the machine was set
	// up: it stays for everybody.
	KeepSetUp() error
	// Forget ends all that they run, and removes what they left outside of their home.
	Forget(ctx context.Context) error
}

// Warden begins and ends sessions, one at a time.
type Warden struct {
	Units  Units
	Person Person
	// Inside is what differs where sessions are in containers. Optional.
	Inside *Inside
	// Possible says what the machine lacks for a session. Optional.
	Possible func() error
	// Run answers what sets the machine up, and Prepare keeps the home as what every home
	// begins with. Nothing is asked of them once somebody has had the machine.
	Run     http.Handler
	Prepare func(home, prepared string) error
	// Remote runs, as the session's user, what connects sessions with Chrome Remote Desktop.
	// Nil: they are shown by VNC.
	Remote agent.Runner
	// Lines are the last lines that a unit logged since a time. Optional: there are none.
	Lines func(ctx context.Context, unit string, since time.Time) ([]string, error)
	// Say tells what could not be cleaned up behind somebody's back.
	Say func(what string, err error)

	mu       sync.Mutex
	removing sync.WaitGroup
	running  sync.WaitGroup // what sets the machine up, and what connects it

	connection *connection // one with Chrome Remote Desktop that is being made; nil for none
}

// beginning is how long a session may take to begin: what every home begins with may be
// large.
const beginning = 10 * time.Minute

// Begin begins a session. The one that goes on already goes on, or begins again with its
// home as it was, as after the machine rebooted; any other ends before. Who asks may stop
// waiting, and ask again: it goes on meanwhile. Who stopped before it began is not heard.
func (w *Warden) Begin(ctx context.Context, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), beginning)
	defer cancel()
	had, err := current()
	if err == nil && w.Possible != nil {
		err = w.Possible() // before anybody has had the machine, which can be set up until then
	}
	if err == nil {
		err = w.use()
	}
	if err != nil {
		return err
	}
	if had != id {
		if err := w.clear(ctx); err != nil {
			return err
		}
	}
	if err := w.Person.Ready(ctx); err != nil {
		return err
	}
	if had != id {
		if err := w.makeHome(ctx); err != nil {
			return err
		}
		if err := host.WriteFile(sessionFile, []byte(id+"\n"), 0o600); err != nil {
			return err
		}
	}
	if err := w.keepFolder(Runtime); err != nil {
		return err
	}
	if err := w.keepPassword(had != id); err != nil {
		return err
	}
	return w.show(ctx)
}

// End ends a session, if it is the one that there is.
func (w *Warden) End(ctx context.Context, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	had, err := current()
	if err != nil || had == "" || had != id {
		return err
	}
	return w.clear(ctx)
}

// Current is the session that there is, or "".
func (w *Warden) Current() (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return current()
}

// CurrentSession is the session that there is, as it was written down: for who does not run
// the warden.
func CurrentSession() (string, error) { return current() }

func current() (string, error) {
	raw, err := os.ReadFile(host.Path(sessionFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read which session there is: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// clear ends the session that there is and removes all of it. That nobody has one is
// written down last: what is cut short is done again.
func (w *Warden) clear(ctx context.Context) error {
	if err := w.hide(ctx); err != nil {
		return err
	}
	if err := w.removeContainer(ctx); err != nil {
		return err
	}
	if err := w.Person.Forget(ctx); err != nil {
		return err
	}
	if err := w.removeHome(); err != nil {
		return err
	}
	if err := removePath(Runtime); err != nil {
		return fmt.Errorf("remove what the session ran with: %w", err)
	}
	if err := os.Remove(host.Path(sessionFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write down that there is no session: %w", err)
	}
	return nil
}

// Close waits until what was removed is gone.
func (w *Warden) Close() { w.removing.Wait() }
