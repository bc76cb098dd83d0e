package session

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// windowFile, in a session's folder, says which window is active. It is not there where that
// cannot be known.
const windowFile = "window"

// longestClass is how much is told of each name that a program calls itself, in bytes. It has
// two, which have to fit host's longestNote.
const longestClass = 128

// Window is the window that has the keyboard. What it shows, and its title, are nobody's
// business.
type Window struct {
	// PID is the process that shows it, as it says itself; 0: it does not, or there is none.
	PID int `json:"pid,omitempty"`
	// Class is what the program calls itself (WM_CLASS).
	Class []string `json:"class,omitempty"`
}

// ReadWindow reads which window is active in the session of a folder. The error wraps
// fs.ErrNotExist where that cannot be known. Who works in the session can make the folder say
// anything, and nothing else: links, pipes and long texts are refused.
func ReadWindow(dir string) (w Window, err error) {
	raw, err := host.ReadNote(filepath.Join(dir, windowFile))
	if err == nil {
		err = json.Unmarshal(raw, &w)
	}
	if err != nil {
		return w, fmt.Errorf("read which window is active: %w", err)
	}
	return w, nil
}

// window keeps the file as it is, until ctx ends or the X server does.
func (s *Session) window(ctx context.Context, display string) {
	if err := s.followWindow(ctx, display); err != nil && ctx.Err() == nil {
		fmt.Fprintln(s.Out, "which window is active is not known:", err)
	}
	s.noWindow()
}

// noWindow says that it cannot be known.
func (s *Session) noWindow() {
	if err := os.Remove(filepath.Join(s.Dir, windowFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintln(s.Out, "which window was active is still told:", err)
	}
}

// followWindow writes the file whenever another window is active.
func (s *Session) followWindow(ctx context.Context, display string) error {
	x, err := open(display, filepath.Join(s.Dir, cookieFile))
	if err != nil {
		return err
	}
	defer x.Close()
	defer context.AfterFunc(ctx, x.Close)()
	var was *Window
	for {
		is, err := x.active()
		if err != nil {
			return err
		}
		if is == nil {
			s.noWindow()
		} else if was == nil || was.PID != is.PID || !slices.Equal(was.Class, is.Class) {
			if err := s.writeWindow(*is); err != nil {
				return err
			}
		}
		was = is
		if !x.changed() {
			return nil
		}
	}
}

// writeWindow is for the agent's group, too.
func (s *Session) writeWindow(w Window) error {
	for i, name := range w.Class {
		w.Class[i] = strings.ToValidUTF8(name[:min(len(name), longestClass)], "")
	}
	raw, err := json.Marshal(w)
	if err != nil {
		return err
	}
	file := filepath.Join(s.Dir, windowFile)
	if err := os.WriteFile(file+".new", raw, 0o640); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}
