package boot

import (
	"context"
	"errors"
	"fmt"
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

// CopyFile is where the name of the database is that is a copy in PostgreSQL, in the
// folder of a rehearsal.
func CopyFile(data string) string { return filepath.Join(RehearsalDir(data), "database") }

// rehearseOnCopy rehearses a release on a copy of the data, and then the one before
// on what has become of the copy: it goes on beside the new one on other hosts, and
// serves again where the new one is given up. Whether there is room and time for a
// copy is no matter of the release's.
func (u *Updater) rehearseOnCopy(ctx context.Context, before, sum string) (err error) {
	data := RehearsalDir(u.data())
	if err := os.RemoveAll(data); err != nil { // of one that was killed
		return err
	}
	defer func() {
		if left := os.RemoveAll(data); err == nil {
			err = left
		}
	}()
	serves := ask(ctx, u.data(), before) == nil // where it does not, that is nobody else's fault
	if err := u.copyData(ctx); err != nil {
		return err
	}
	defer u.dropCopy(ctx)
	if err := u.rehearse(ctx, sum, data); err != nil || !serves {
		return err
	}
	if err := os.Remove(AddressFile(data)); err != nil {
		return fmt.Errorf("forget where the rehearsal answered: %w", err)
	}
	err = u.rehearse(ctx, before, data)
	var bad *host.Fault
	if errors.As(err, &bad) {
		return host.Faultf("the release before cannot work with what its migrations make of the data: %w", bad)
	}
	return err
}

// dropCopy removes a copy that is not in the folder of the rehearsal.
func (u *Updater) dropCopy(ctx context.Context) {
	if _, err := os.Stat(CopyFile(u.data())); err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), u.Limits.Rehearsal)
	defer cancel()
	cmd := exec.CommandContext(ctx, u.Program, "copy", "--drop")
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = u.Out, u.Out, time.Second
	err := host.AsUser(cmd)
	if err == nil {
		err = cmd.Run()
	}
	if err != nil { // the next copy finds it
		fmt.Fprintf(u.Out, "the copy of the database was not removed: %s\n", err)
	}
}

// copyData copies the databases as the user whom they belong to: where a link in
// their folder leads, root does not write.
func (u *Updater) copyData(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, u.Limits.Copy)
	defer cancel()
	said := &tail{}
	cmd := exec.CommandContext(limited, u.Program, "copy")
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = said, said, time.Second
	if err := host.AsUser(cmd); err != nil {
		return err
	}
	switch err := cmd.Run(); {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil && limited.Err() != nil:
		return fmt.Errorf("a copy of the databases for its rehearsal was not made within %s", u.Limits.Copy)
	case err != nil:
		return fmt.Errorf("no copy of the databases for its rehearsal (%w): %s", err, said)
	}
	return nil
}

// rehearse starts a release beside the one that runs, on data of its own, and ends
// it once it is ready there.
func (u *Updater) rehearse(ctx context.Context, sum, data string) error {
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
			last = telling(last, err)
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
