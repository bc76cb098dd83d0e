package agent

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// setupLimit is how long a set-up may take as a whole; scriptLimit, cloneLimit and
	// checkLimit are for one try of each part of it.
	setupLimit  = time.Hour
	scriptLimit = 30 * time.Minute
	cloneLimit  = 10 * time.Minute
	checkLimit  = 2 * time.Minute
	// longestDelay is how long is waited at most before another try.
	longestDelay = 10 * time.Minute
	// lineEvery is how often the allocator is let know of another line at most.
	lineEvery = 3 * time.Second
	// longestLine is the longest line that the wire types allow, in bytes.
	longestLine = 200
)

// run sets the machine up. Its error is for people.
func (s *Setup) run(ctx context.Context, said api.Setup) error {
	limited, cancel := context.WithTimeout(ctx, setupLimit)
	defer cancel()
	err := s.steps(limited, said)
	if err != nil && limited.Err() != nil {
		err = fmt.Errorf("it takes longer than %d minutes. Last: %w", int(setupLimit.Minutes()), err)
	}
	return err
}

func (s *Setup) steps(ctx context.Context, said api.Setup) error {
	if err := s.fetch(ctx, said); err != nil {
		return err
	}
	if said.Repository != "" {
		err := s.tries(ctx, "repository", "The clone of "+said.Repository, said.Startup, func() error { return s.clone(ctx, said.Repository) })
		if err != nil && said.Startup.OnError == api.Fail {
			return err
		}
		if err != nil { // the script may do without
			return errors.Join(err, s.script(ctx, said.Startup), s.prepared())
		}
	}
	return errors.Join(s.script(ctx, said.Startup), s.prepared())
}

func (s *Setup) prepared() error {
	if s.Prepared == nil {
		return nil
	}
	return s.Prepared()
}

// clone clones a repository into the home. One that is there already, as after a restart,
// is left as it is; one that was cut short is not there.
func (s *Setup) clone(ctx context.Context, from string) error {
	name := repositoryName(from)
	const script = `set -eu
[ ! -e "$2" ] || exit 0
rm -rf ".$2.clone"
git clone -- "$1" ".$2.clone"
mv ".$2.clone" "$2"`
	return s.command(ctx, Command{
		Args: []string{"/bin/bash", "-c", script, "lablink-clone", from, name}, Env: []string{"GIT_TERMINAL_PROMPT=0"}, Limit: cloneLimit,
	})
}

// repositoryName is the folder that Git makes of a repository's address.
func repositoryName(address string) string {
	return strings.TrimSuffix(path.Base(strings.TrimRight(address, "/")), ".git")
}

func (s *Setup) script(ctx context.Context, st api.Startup) error {
	if st.Script == "" {
		return nil
	}
	return s.tries(ctx, "startup", "The start-up script", st, func() error {
		root := st.As == api.AsRoot
		err := s.command(ctx, Command{Args: []string{"/bin/bash", "-c", st.Script, "lablink-startup"}, Root: root, Limit: scriptLimit})
		if err != nil || st.SuccessCheck == "" {
			return err
		}
		s.say("info", "checking whether the start-up script did its work")
		if err := s.command(ctx, Command{Args: []string{"/bin/bash", "-c", st.SuccessCheck, "lablink-check"}, Root: root, Limit: checkLimit}); err != nil {
			return fmt.Errorf("its check says that it did not do its work: %w", err)
		}
		return nil
	})
}

// tries tries a step until it succeeds, as often as it may.
func (s *Setup) tries(ctx context.Context, step, what string, st api.Startup, try func() error) error {
	of := max(1, st.MaxAttempts)
	for attempt := 1; ; attempt++ {
		s.change(func(known *setupMemory) {
			known.Status.Step, known.Status.Attempt, known.Status.Of, known.Status.Note, known.Status.Line = step, attempt, of, "", ""
		})
		s.say("info", fmt.Sprintf("%s: try %d of %d", what, attempt, of))
		err := try()
		if err == nil {
			s.say("info", what+" succeeded")
			return nil
		}
		err = fmt.Errorf("%s did not succeed (try %d of %d): %w", what, attempt, of, err)
		if attempt == of || ctx.Err() != nil {
			s.say("error", err.Error())
			return err
		}
		delay := s.delay(st, attempt)
		again := fmt.Sprintf("%s. It is tried again in %s.", err, delay.Round(time.Second))
		s.say("warn", again)
		s.change(func(known *setupMemory) { known.Status.Note = gpu.Clip(again) })
		if !wait(ctx, delay) {
			return err
		}
	}
}

// delay is how long to wait after a try: twice as long each time, and up to as much again,
// as machines that start together fail together.
func (s *Setup) delay(st api.Startup, attempt int) time.Duration {
	d := time.Duration(st.BaseDelaySeconds) * time.Second
	for range attempt - 1 {
		d = min(2*d, longestDelay)
	}
	d = min(d, longestDelay)
	return d + time.Duration(s.Random()*float64(d))
}

// command runs a command, whose output is logged and shown.
func (s *Setup) command(ctx context.Context, c Command) error {
	out := &output{say: func(line string) { s.say("info", line) }}
	err := s.Runner.Run(ctx, c, func(line string) {
		out.add(line)
		s.show(line)
	})
	out.end()
	return err
}

func (s *Setup) say(level, line string) {
	if s.Said != nil {
		s.Said(level, line)
	}
}

// show makes a line the last one. The allocator is let know now and then.
func (s *Setup) show(line string) {
	line = plain(line)
	if len(line) > longestLine {
		line = strings.ToValidUTF8(line[:longestLine-len("…")], "") + "…"
	}
	s.mu.Lock()
	s.known.Status.Line = line
	now := s.Now()
	tell := s.changed != nil && now.Sub(s.told) >= lineEvery
	if tell {
		s.told = now
	}
	changed := s.changed
	s.mu.Unlock()
	if tell {
		changed()
	}
}
