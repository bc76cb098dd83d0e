package session

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sync"
	"time"
)

const (
	// patience is how long programs may take to end.
	patience = 2 * time.Second
	// pause is the time before a desktop that ended begins again: who logs out gets
	// another one.
	pause = time.Second
)

// Session is a desktop in a folder.
type Session struct {
	// Dir is where the socket and the cookie are, and what programs keep for as long as
	// the session goes on. It is there, and the session's own.
	Dir string
	// Home is where its programs begin.
	Home string
	// Out takes what the programs say.
	Out io.Writer
	// Ready is called when the desktop can be used.
	Ready func()
}

// Run shows a desktop until ctx ends, or until the X server does: then whoever started it
// starts it again.
func (s *Session) Run(ctx context.Context) error {
	running, stop := context.WithCancel(ctx)
	defer stop()
	own := filepath.Join(s.Dir, "user")
	if err := os.MkdirAll(own, 0o700); err != nil {
		return fmt.Errorf("make the folder for what runs: %w", err)
	}
	s.noWindow() // of a desktop before
	x, err := startServer(running, s.Dir, s.Out)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- x.cmd.Wait(); stop() }()
	var watching sync.WaitGroup
	defer watching.Wait()
	watching.Go(func() { s.window(running, x.display) })
	s.Ready()
	s.keepManaging(running, x.display, own)
	err = <-ended
	if ctx.Err() != nil || err == nil { // also one that was killed then, as it took long to end
		return context.Cause(running)
	}
	return fmt.Errorf("the X server ended: %w", err)
}

// keepManaging begins a desktop, and again when it ends.
func (s *Session) keepManaging(ctx context.Context, display, own string) {
	manager, terminal := chosen(installed)
	env := s.environment(display, own)
	if terminal != "" {
		t := s.program(ctx, env, terminal)
		if t.Start() == nil {
			defer func() { _ = t.Wait() }()
		}
	}
	for ctx.Err() == nil && manager != nil {
		if err := s.program(ctx, env, manager...).Run(); ctx.Err() == nil {
			fmt.Fprintf(s.Out, "%s ended, and begins again: %v\n", manager[0], err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
	<-ctx.Done()
}

func (s *Session) program(ctx context.Context, env []string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.Home, env, s.Out, s.Out
	gentle(cmd)
	return cmd
}

// programs is where programs of the desktop look for others. What its service has is the
// machine's.
const programs = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games"

// environment is what programs of the desktop see. It has nothing of the service that
// started it.
func (s *Session) environment(display, own string) []string {
	env := []string{
		"DISPLAY=" + display, "XAUTHORITY=" + filepath.Join(s.Dir, cookieFile), "HOME=" + s.Home, "XDG_RUNTIME_DIR=" + own,
		"XDG_SESSION_TYPE=x11", "NO_AT_BRIDGE=1", "PATH=" + programs, "SHELL=/bin/bash", "LANG=C.UTF-8",
	}
	if u, err := user.Current(); err == nil {
		env = append(env, "USER="+u.Username, "LOGNAME="+u.Username)
	}
	if mark := os.Getenv("LABLINK_SIMULATOR"); mark != "" { // by which a simulated machine knows what runs on it
		env = append(env, "LABLINK_SIMULATOR="+mark)
	}
	return env
}
