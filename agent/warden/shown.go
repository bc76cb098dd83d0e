package warden

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// ShownPath is where the agent asks how the session is, and LinesPath for what its unit and the
// warden logged last.
const (
	ShownPath = "/shown"
	LinesPath = "/lines"
)

// itself is the warden's unit.
const itself = "lablink-warden.service"

// linesLimit is how long the lines of one unit may take: less than half of what the agent waits.
const linesLimit = 6 * time.Second

// tell answers how the session is. Neither waits for one that is being begun.
func (w *Warden) tell(mux *http.ServeMux) {
	mux.HandleFunc("GET "+ShownPath, func(rw http.ResponseWriter, r *http.Request) {
		shown, err := w.shown(r.Context())
		show(rw, shown, err)
	})
	mux.HandleFunc("GET "+LinesPath, func(rw http.ResponseWriter, r *http.Request) {
		lines, err := w.lines(r.Context())
		show(rw, lines, err)
	})
}

func show(rw http.ResponseWriter, v any, err error) {
	if err != nil {
		answer(rw, err)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(rw).Encode(v) // fails only when the agent is gone
}

func (w *Warden) shown(ctx context.Context) (s agent.Shown, err error) {
	if s.Session, err = current(); err != nil || s.Session == "" {
		return s, err
	}
	if w.Remote != nil && !connected() {
		return s, nil // nothing is to show it yet
	}
	s.GivenUp, s.Restarts, err = w.Units.Shown(ctx, w.shows())
	return s, err
}

// shows is the unit that shows the session.
func (w *Warden) shows() string {
	if w.Remote != nil {
		return RemoteUnit
	}
	return w.unit()
}

// lines are those of the session that there is: who had one before is nobody's business. Where
// one unit's cannot be read, that is told in their place.
func (w *Warden) lines(ctx context.Context) ([]agent.Line, error) {
	out := []agent.Line{}
	began, err := os.Stat(host.Path(sessionFile))
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && w.Lines == nil:
		return out, nil
	case err != nil:
		return nil, err
	}
	var failed []error
	units := []string{w.shows(), itself}
	for _, unit := range units {
		lines, err := w.linesOf(ctx, unit, began.ModTime())
		if err != nil {
			failed, lines = append(failed, err), []string{err.Error()}
		}
		for _, line := range lines {
			out = append(out, agent.Line{Source: strings.TrimSuffix(unit, ".service"), Text: line})
		}
	}
	if len(failed) == len(units) {
		return nil, errors.Join(failed...)
	}
	return out, nil
}

func (w *Warden) linesOf(ctx context.Context, unit string, since time.Time) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, linesLimit)
	defer cancel()
	return w.Lines(ctx, unit, since)
}

// Shower asks the warden how the session is.
type Shower struct{ Client api.Client }

var _ agent.Shower = Shower{}

// Shown is how it is. A warden of an earlier release does not tell.
func (s Shower) Shown(ctx context.Context) (*agent.Shown, error) {
	var shown agent.Shown
	err := s.ask(ctx, ShownPath, &shown)
	if api.CodeOf(err) == api.NotFound {
		return nil, nil //nolint:nilnil // as the interface says
	}
	if err != nil {
		return nil, fmt.Errorf("ask the machine's warden: %w", err)
	}
	return &shown, nil
}

// Last are the last lines of its unit, and of the warden: none of one of an earlier release.
func (s Shower) Last(ctx context.Context) ([]agent.Line, error) {
	var lines []agent.Line
	if err := s.ask(ctx, LinesPath, &lines); err != nil && api.CodeOf(err) != api.NotFound {
		return nil, fmt.Errorf("ask the machine's warden what was logged: %w", err)
	}
	return lines, nil
}

func (s Shower) ask(ctx context.Context, path string, answer any) error {
	s.Client.MaxAnswer = mostLines
	return s.Client.Do(ctx, http.MethodGet, path, nil, answer)
}
