package boot

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// RehearsalDir is the folder of a rehearsal's data, in that of the service's.
func RehearsalDir(data string) string { return filepath.Join(data, "rehearsal") }

// rehearse starts a release beside the one that runs, on a copy of the data, and
// ends it once it is ready there.
func (u *Updater) rehearse(ctx context.Context, sum string) (err error) {
	data := RehearsalDir(u.data())
	if err := os.RemoveAll(data); err != nil { // of one that was killed
		return err
	}
	defer func() {
		if left := os.RemoveAll(data); err == nil {
			err = left
		}
	}()
	limited, cancel := context.WithTimeout(ctx, u.Limits.Rehearsal)
	defer cancel()
	said := &tail{}
	cmd := exec.CommandContext(limited, filepath.Join(host.Path(host.ReleaseDir(sum)), binary), "serve", "--rehearse", sum)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = said, said, time.Second
	if err := host.AsUser(cmd); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return host.Faultf("it does not start: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop := func() {
		cancel()
		<-ended //nolint:errcheck // it was stopped
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	var last error
	for {
		err := ask(limited, data, sum)
		if err == nil {
			stop()
			return nil
		}
		if limited.Err() == nil {
			last = err
		}
		select {
		case exit := <-ended:
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if limited.Err() == nil {
				return host.Faultf("its rehearsal ended before it was ready (%v): %s", exit, said)
			}
			return host.Faultf("its rehearsal was not ready within %s: %w", u.Limits.Rehearsal, last)
		case <-tick.C:
		}
	}
}

// data is the folder of the service's data.
func (u *Updater) data() string { return host.Path(DataDir) }

// tail keeps the end of what a program says.
type tail struct {
	mu   sync.Mutex
	said []byte
}

// maxReason bounds what is told of a program's last words, in bytes.
const maxReason = 600

// Write keeps what fits.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.said = append(t.said, p...)
	if over := len(t.said) - maxReason; over > 0 {
		t.said = t.said[over:]
	}
	return len(p), nil
}

// String is the last line.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.said)), "\n")
	return lines[len(lines)-1]
}
