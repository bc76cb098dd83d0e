package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// The folders and files that every machine has.
const (
	ReleasesDir = "/opt/lablink/releases"
	CurrentLink = "/opt/lablink/current"
	ConfigDir   = "/etc/lablink"
	UnitsDir    = "/etc/systemd/system"
	User        = "lablink" // whom services run as
)

// Path is where a path of the machine is found.
func Path(path string) string { return filepath.Join(os.Getenv("LABLINK_ROOT"), path) }

// Step is one part of a machine's first boot.
type Step struct {
	// Name is what the console shows, and what LABLINK_SKIP names.
	Name string
	Do   func(ctx context.Context) error
}

// Run does the steps in their order. A step that fails is tried again, with
// growing pauses, for as long as it takes: a machine that boots has nobody to
// ask. Steps that LABLINK_SKIP names, separated by commas, are left out. All of
// it is told to out, the console.
func Run(ctx context.Context, out io.Writer, steps []Step) error {
	err := inOrder(out, steps, func(s Step) error {
		pause := backoff.NewExponentialBackOff()
		pause.MaxInterval = 30 * time.Second
		_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, s.Do(ctx) },
			backoff.WithBackOff(pause), backoff.WithMaxElapsedTime(0), backoff.WithNotify(func(err error, wait time.Duration) {
				fmt.Fprintf(out, "lablink: %s: %s; trying again in %s\n", s.Name, err, wait.Round(time.Second))
			}))
		return err
	})
	if err == nil {
		fmt.Fprintln(out, "lablink: the machine is set up")
	}
	return err
}

// RunOnce does the steps in their order, as Run does, and ends with the first that fails:
// somebody waits, and reads why.
func RunOnce(ctx context.Context, out io.Writer, steps []Step) error {
	return inOrder(out, steps, func(s Step) error { return s.Do(ctx) })
}

func inOrder(out io.Writer, steps []Step, do func(Step) error) error {
	for _, s := range steps {
		if skipped(s.Name) {
			fmt.Fprintf(out, "lablink: %s: left out on this machine\n", s.Name)
			continue
		}
		fmt.Fprintf(out, "lablink: %s\n", s.Name)
		if err := do(s); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

// Skipped reports whether a step is left out on this machine, as on a simulated one.
func Skipped(step string) bool { return skipped(step) }

// skipped reports whether a step is left out on this machine.
func skipped(step string) bool {
	return slices.Contains(strings.Split(os.Getenv("LABLINK_SKIP"), ","), step)
}

// Wrong stops the trying: it will not get better.
func Wrong(err error) error { return backoff.Permanent(err) }

// WriteFile replaces a file of the machine as a whole.
func WriteFile(path string, content []byte, mode os.FileMode) error {
	return Replace(Path(path), content, mode)
}

// Replace replaces a file as a whole, wherever it is.
func Replace(path string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".new-")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// WriteJSON replaces a file of the machine, which everybody may read.
func WriteJSON(path string, v any) error { return WriteJSONFor(path, v, 0o644) }

// WriteJSONFor replaces a file of the machine, for those whom mode lets read it.
func WriteJSONFor(path string, v any, mode os.FileMode) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return WriteFile(path, raw, mode)
}

// ReadJSON reads a file of the machine.
func ReadJSON(path string, v any) error {
	raw, err := os.ReadFile(Path(path))
	if err == nil {
		err = json.Unmarshal(raw, v)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	return nil
}
