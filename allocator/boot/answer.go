package boot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// AddressFile is where the service writes, in the folder of its data, at which
// address of this computer it answers its host.
func AddressFile(data string) string { return filepath.Join(data, "address") }

const (
	// look is the time between two looks at a service.
	look = 50 * time.Millisecond
	// patience is how long one answer may take.
	patience = time.Second
)

// errNotReady is wrapped when a release answers, and is not ready.
var errNotReady = errors.New("it is not ready")

// ask asks the service that keeps its data in a folder whether it is a release,
// and ready.
func ask(ctx context.Context, data, sum string) error {
	address, err := os.ReadFile(AddressFile(data))
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("it does not answer")
	}
	if err != nil {
		return fmt.Errorf("find out where it answers: %w", err)
	}
	return askAt(ctx, string(address), sum)
}

func askAt(ctx context.Context, address, sum string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ready, err := (&api.Client{URL: "http://" + address, UserAgent: "lablink-update"}).Ready(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("it does not answer: %w", err)
	case ready.Release != sum:
		return fmt.Errorf("release %s answers in its place", ready.Release)
	case !ready.Ready:
		return fmt.Errorf("%w: %s", errNotReady, reasons(ready))
	}
	return nil
}

func reasons(r api.Ready) string {
	var out []string
	for _, c := range r.Checks {
		if !c.OK && !c.Warning {
			out = append(out, c.Name+": "+c.Reason)
		}
	}
	return strings.Join(out, "; ")
}

// telling is what is told of a service that does not become ready: that an answer took too
// long says less than the one before it.
func telling(last, now error) error {
	if errors.Is(last, errNotReady) && errors.Is(now, context.DeadlineExceeded) {
		return last
	}
	return now
}

// awaitAnswer waits until the service answers as a release, and is ready where it
// must be: without a certificate, none is.
func (u *Updater) awaitAnswer(ctx context.Context, sum string, mustBeReady bool) error {
	tick := time.NewTicker(look)
	defer tick.Stop()
	var last error
	for {
		err := judge(ask(ctx, u.data(), sum), mustBeReady)
		if err == nil {
			return nil
		}
		if errors.Is(err, syscall.ECONNREFUSED) { // it wrote where it answers before it said that it was ready
			return host.Faultf("it ended as soon as it had started: %w", err)
		}
		if ctx.Err() == nil {
			last = telling(last, err)
		}
		select {
		case <-ctx.Done():
			return host.Faultf("it was not ready within %s: %w", u.Limits.Start, last)
		case <-tick.C:
		}
	}
}

func judge(err error, mustBeReady bool) error {
	if !mustBeReady && errors.Is(err, errNotReady) {
		return nil
	}
	return err
}

// watch looks on for a while whether a release that became ready stays so. The
// address tells one process from the next, which has another.
func (u *Updater) watch(ctx context.Context, sum string, mustBeReady bool) error {
	address, err := os.ReadFile(AddressFile(u.data()))
	if err != nil {
		return host.Faultf("it does not answer any more: %w", err)
	}
	begin, well := u.Now(), u.Now()
	return host.Watch(ctx, u.Limits.Watch, look, func() error {
		err := judge(askAt(ctx, string(address), sum), mustBeReady)
		now := u.Now()
		switch {
		case err == nil:
			well = now
		case errors.Is(err, syscall.ECONNREFUSED):
			return host.Faultf("it ended %s after it was ready", now.Sub(begin).Round(100*time.Millisecond))
		case now.Sub(well) > u.Limits.Silence:
			return host.Faultf("it was out of order %s after it was ready: %w", well.Sub(begin).Round(100*time.Millisecond), err)
		}
		return nil
	})
}
