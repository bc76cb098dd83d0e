package warden

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// RemotePath is where the agent has a session connected.
const RemotePath = "/remote"

// RemoteUnit shows a session by Chrome Remote Desktop, once it is connected.
const RemoteUnit = "lablink-remote.service"

// remoteDir is where Google's program keeps how a machine is connected.
const remoteDir = Home + "/.config/chrome-remote-desktop"

// Limits of what connects a machine: it talks to Google.
const (
	connectLimit = 2 * time.Minute
	removeLimit  = 10 * time.Second
	// maxSaid is how much of what it said is told, in bytes.
	maxSaid = 200
)

// connection is one that is being made.
type connection struct {
	stop context.CancelFunc
	done chan struct{} // closed once nothing of it runs
}

// RemotePossible says what a machine lacks to be connected with Chrome Remote Desktop.
func RemotePossible() error {
	for _, program := range []string{agent.StartHost, agent.RemoteHost} {
		if info, err := os.Stat(host.Path(program)); err != nil || !info.Mode().IsRegular() {
			return fmt.Errorf("Chrome Remote Desktop is not on this machine (there is no %s): take an image that has Google's package chrome-remote-desktop, of version 92 or later, and a desktop such as Xfce", program)
		}
	}
	return nil
}

// remote answers POST /remote, where sessions are by Chrome Remote Desktop.
func (w *Warden) remote(mux *http.ServeMux) {
	if w.Remote == nil {
		return
	}
	mux.HandleFunc("POST "+RemotePath, func(rw http.ResponseWriter, r *http.Request) {
		var in agent.Connection
		err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxAsked)).Decode(&in)
		if err != nil {
			in = agent.Connection{}
		}
		if err := in.Check(); err != nil {
			answer(rw, err)
			return
		}
		w.running.Add(1)
		defer w.running.Done()
		answer(rw, w.Connect(r.Context(), in))
	})
}

// show shows the session: by Chrome Remote Desktop once it is connected, which it may be
// from before a reboot.
func (w *Warden) show(ctx context.Context) error {
	if w.Remote != nil && !connected() {
		return nil
	}
	return w.Units.Start(ctx, w.shows())
}

// hide ends what shows the session, and what connects it. It may have begun under another
// setting than there is now.
func (w *Warden) hide(ctx context.Context) error {
	if c := w.connection; c != nil {
		c.stop()
		<-c.done
		w.connection = nil
	}
	return w.Units.Stop(ctx, Unit, ContainerUnit, StartUnit, RemoteUnit)
}

// Connect connects the session that there is with Chrome Remote Desktop. The session may
// end meanwhile, which ends this.
func (w *Warden) Connect(ctx context.Context, in agent.Connection) error {
	ctx, c, err := w.beginConnection(ctx, in)
	if err != nil {
		return err
	}
	said, err := w.startHost(ctx, in)
	c.stop()
	close(c.done)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.connection == c {
		w.connection = nil
	}
	had, currentErr := current()
	switch {
	case currentErr != nil:
		return currentErr
	case had != in.Session:
		return ended()
	case err != nil || !connected():
		return notConnected(in, said, err)
	}
	return w.Units.Start(context.WithoutCancel(ctx), RemoteUnit)
}

// endLeft ends what connects a session still, as an earlier run of this program left it.
func (w *Warden) endLeft(ctx context.Context) {
	if w.Remote == nil {
		return
	}
	if err := w.Units.Stop(ctx, StartUnit); err != nil {
		w.Say("what connects a session goes on from before", err)
	}
}

// beginConnection begins one, where none is being made.
func (w *Warden) beginConnection(ctx context.Context, in agent.Connection) (context.Context, *connection, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	had, err := current()
	switch {
	case err != nil:
		return ctx, nil, err
	case had != in.Session:
		return ctx, nil, ended()
	case w.connection != nil:
		return ctx, nil, api.Problemf(api.Conflict, "The machine is being connected already", "Wait until that is done.")
	case connected() && !in.Again:
		return ctx, nil, api.Problemf(api.Conflict, "The machine is connected already", "Open remotedesktop.google.com/access.")
	}
	if err := RemotePossible(); err != nil {
		return ctx, nil, err
	}
	if err := w.Units.Stop(ctx, RemoteUnit); err != nil {
		return ctx, nil, err
	}
	ctx, stop := context.WithCancel(ctx)
	w.connection = &connection{stop, make(chan struct{})}
	return ctx, w.connection, nil
}

// startHost runs Google's program as the session's user, without a shell, and returns the
// last line that it said. A unit shows the machine, so the program is to start nothing
// (--no-start): the session's user may not, and what cannot start takes the machine off
// Google's list again. What a program that failed left behind is of no use then.
func (w *Warden) startHost(ctx context.Context, in agent.Connection) (said string, err error) {
	if in.Again {
		if err := w.disconnect(ctx); err != nil {
			return "", err
		}
	}
	start := agent.Command{
		Args:  []string{host.Path(agent.StartHost), "--no-start", "--code=" + in.Code, "--redirect-url=" + agent.RedirectURL, "--name=" + in.Name},
		Input: in.PIN + "\n" + in.PIN + "\n", Limit: connectLimit,
	}
	err = w.Remote.Run(ctx, start, func(line string) { said = line })
	if err != nil {
		err = errors.Join(err, w.disconnect(context.WithoutCancel(ctx)))
	}
	return said, err
}

// disconnect removes how the machine is connected. The session's user does that, who could
// have made the folder lead elsewhere.
func (w *Warden) disconnect(ctx context.Context) error {
	gone := agent.Command{Args: []string{"rm", "-rf", "--", host.Path(remoteDir)}, Limit: removeLimit}
	return w.Remote.Run(ctx, gone, func(string) {})
}

// connected reports whether the session's user has what Google's program keeps of a machine
// that is connected. What is in it is not read here.
func connected() bool {
	entries, err := os.ReadDir(host.Path(remoteDir))
	if err != nil {
		return false
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), "host#") && filepath.Ext(e.Name()) == ".json" {
			return true
		}
	}
	return false
}

func ended() error {
	return api.Problemf(api.Conflict, "The session ended meanwhile", "Go back to your seat's page.")
}

// notConnected says why, without the code or the PIN, whatever the program said. A code may
// have its slash in another way there, as in an address.
func notConnected(in agent.Connection, said string, err error) error {
	why := "it left nothing behind"
	if err != nil {
		why = err.Error()
	}
	said = strings.NewReplacer(in.Code, "…", in.Code[len("4/"):], "…", in.PIN, "…").Replace(strings.ToValidUTF8(said, ""))
	if said != "" {
		why += `; it said "` + said[:min(len(said), maxSaid)] + `"`
	}
	return api.Problemf(api.Unavailable, "Chrome Remote Desktop could not be connected", "A code works once, and for a few minutes: bring another one. If that does not help, tell your instructor: %s.", strings.ToValidUTF8(why, ""))
}
