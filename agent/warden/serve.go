package warden

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// Dir is where the agent finds the warden; Socket is the name of the socket there.
const (
	Dir    = "/run/lablink-warden"
	Socket = "control"
)

// maxAsked bounds what the agent asks with, in bytes.
const maxAsked = 4 << 10

// Asked is which session the agent wants.
type Asked struct {
	ID string `json:"id"`
}

// Handler answers POST /session, with an Asked, and DELETE /session?id=; how the session is;
// and what sets the machine up.
func (w *Warden) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /session", func(rw http.ResponseWriter, r *http.Request) {
		var in Asked
		err := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxAsked)).Decode(&in)
		if err == nil && (in.ID == "" || len(in.ID) > 200) {
			err = errors.New("it has no id")
		}
		if err != nil {
			answer(rw, api.Problemf(api.Invalid, "The session cannot be understood", "%s.", err))
			return
		}
		answer(rw, w.Begin(r.Context(), in.ID))
	})
	mux.HandleFunc("DELETE /session", func(rw http.ResponseWriter, r *http.Request) {
		answer(rw, w.End(r.Context(), r.URL.Query().Get("id")))
	})
	mux.HandleFunc("GET "+FilePath, w.file)
	w.tell(mux)
	w.setUp(mux)
	w.remote(mux)
	return mux
}

func answer(w http.ResponseWriter, err error) {
	if err == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	var p *api.Problem
	if !errors.As(err, &p) {
		p = api.Problemf(api.Unavailable, err.Error(), "")
	}
	p.Answer(w)
}

// Serve answers the agent until ctx ends. It calls ready once it does. Before all, what may
// run for the session's user is fenced: a machine that started again has no fence.
func (w *Warden) Serve(ctx context.Context, ready func()) error {
	if err := w.Person.Fence(ctx); err != nil {
		w.Say("no session begins before the session's user is fenced", err)
	}
	w.endLeft(ctx)
	l, err := listen()
	if err != nil {
		return err
	}
	server := &http.Server{Handler: w.Handler(), ReadHeaderTimeout: 10 * time.Second}
	stop := context.AfterFunc(ctx, func() { _ = server.Close() })
	defer stop()
	defer w.Close()
	defer w.running.Wait() // they end with their requests, and systemd would let them go on
	ready()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("answer the agent: %w", err)
	}
	return nil
}

// listen opens the socket, for root and the agent's group. It is named by an open folder:
// a socket's path has to be short, and simulated machines have long ones.
func listen() (net.Listener, error) {
	dir := host.Path(Dir)
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o750)); err != nil {
		return nil, fmt.Errorf("make the folder of the socket: %w", err)
	}
	folder, err := os.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("open the folder of the socket: %w", err)
	}
	defer folder.Close()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), Socket), Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen for the agent: %w", err)
	}
	l.SetUnlinkOnClose(false) // by then the folder has another number
	for path, mode := range map[string]os.FileMode{dir: 0o750, filepath.Join(dir, Socket): 0o660} {
		err = errors.Join(err, os.Chmod(path, mode), forAgent(path))
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("let the agent to the socket: %w", err), l.Close())
	}
	return l, nil
}

// forAgent gives a path to the agent's group.
func forAgent(path string) error {
	if host.Skipped("user") {
		return nil
	}
	_, gid, err := ids(host.User)
	if err != nil {
		return err
	}
	return os.Lchown(path, 0, gid)
}
